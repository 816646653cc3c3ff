"""`main`: whether the runner calls it, and what the command line gives it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codegen.errors import nearest
from codegen.model import JsonObject
from codegen.runtime.arguments import fits, may_read_words, read_value, unquoted
from codegen.runtime.check import Finding, Script


@dataclass(frozen=True, slots=True)
class Entry:
    """How a script is entered: `called` with `named` arguments, or why it can't be."""

    called: bool = False
    named: JsonObject | None = None
    findings: tuple[Finding, ...] = ()


def entry_of(script: Script, arguments: tuple[str, ...], skills: Path | None = None) -> Entry:
    """The runner calls `main` when a script has one and doesn't use it at its own top level. One that is a skill
    (`from skills.late import late as main`) is read in the folder `skills`.

    Its parameters are filled from arguments `name=value`; others are left to sys.argv. A name that `main` doesn't have,
    a value of another type than it says, a parameter that nothing fills, and an argument that nothing can read are
    findings that block. A source that doesn't parse is the runner's to show.
    """
    module = _parsed(script.source)
    if module is None or "main" not in set(_bound(module)) or _uses_main(module):
        return Entry()
    main = _main(module, script.file) or _skill(module, skills)
    return _filled(main, script.file, arguments) if main else Entry(called=True)


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class _Main:
    """The function that is called, and where it stands."""

    function: ast.FunctionDef | ast.AsyncFunctionDef
    module: ast.Module
    file: str

    @property
    def shape(self) -> str:
        return f"{self.function.name}({ast.unparse(self.function.args)})"

    def finding(self, message: str, hint: str) -> Finding:
        place = self.function.lineno, self.function.col_offset + 1
        return Finding(self.file, *place, message, blocking=True, hint=hint)


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _main(module: ast.Module, file: str, name: str = "main") -> _Main | None:
    found = [each for each in module.body if isinstance(each, _FUNCTIONS) and each.name == name]
    return _Main(found[-1], module, file) if found else None


def _skill(module: ast.Module, skills: Path | None) -> _Main | None:
    """None where it is no skill's, or that can't be read: what it takes is known once it is called."""
    imports = [each for each in module.body if isinstance(each, ast.ImportFrom) and each.module]
    for name, function in ((each.module, alias) for each in imports for alias in each.names):
        root, _, skill = (name or "").partition(".")
        path = skills / f"{skill}.py" if skills and root == "skills" and skill.isidentifier() else None
        if path and (function.asname or function.name) == "main" and path.is_file():
            text = _parsed(path.read_text(encoding="utf-8", errors="replace"))
            return _main(text, f"skills/{path.name}", function.name) if text else None
    return None


def _filled(main: _Main, file: str, arguments: tuple[str, ...]) -> Entry:
    taken = main.function.args
    annotations = {each.arg: unquoted(each.annotation) for each in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs)}
    pairs = [text.partition("=") for text in arguments if annotations or taken.kwarg]
    given = {name: text for name, mark, text in pairs if mark and name.isidentifier()}
    named: JsonObject = {name: read_value(text, annotations.get(name)) for name, text in given.items()}
    findings = [
        *_unread(main, [text for text in arguments if text.partition("=")[0] not in given]),
        *_unknown(main, [name for name in given if name not in annotations and taken.kwarg is None]),
        *_missing(main, file, [name for name in _required(taken) if name not in given]),
    ]
    for name, value in named.items():
        annotation = annotations.get(name)
        if annotation and not fits(value, annotation):
            said = f"{name}={given[name]}: {main.function.name} takes {name}: {ast.unparse(annotation)}"
            findings.append(main.finding(said, f"{main.shape}; values are JSON"))
    return Entry(called=True, named=named or None, findings=tuple(findings))


def _unread(main: _Main, words: list[str]) -> Iterator[Finding]:
    """Of words that fill no parameter, where the script doesn't look at sys.argv either."""
    if not words or may_read_words(main.module):
        return
    taken = main.function.args
    takes, shape = ("name=value", main.shape) if taken.args or taken.kwonlyargs or taken.kwarg else ("nothing", "")
    hint = "options of codegen itself stand before --" if words[0].startswith("-") else shape
    argv = "" if shape else ", and sys.argv isn't used"
    yield main.finding(f"nothing reads {' '.join(words)}: {main.function.name} takes {takes}{argv}", hint)


def _unknown(main: _Main, names: list[str]) -> Iterator[Finding]:
    parameters = [each.arg for each in (*main.function.args.args, *main.function.args.kwonlyargs)]
    for name in names:
        yield main.finding(f"{main.function.name} has no parameter {name!r}", nearest(name, parameters) or main.shape)


def _missing(main: _Main, file: str, names: list[str]) -> Iterator[Finding]:
    if names:
        how = _how(file, " ".join(f"{name}=VALUE" for name in names))
        yield main.finding(f"nothing fills {', '.join(names)} of {main.shape}", how)


def _how(file: str, given: str) -> str:
    return f"add: -- {given}" if file.startswith("<") else f"codegen run {file} -- {given}"


def _required(taken: ast.arguments) -> Iterator[str]:
    plain = [*taken.posonlyargs, *taken.args]
    yield from (each.arg for each in plain[: len(plain) - len(taken.defaults)])
    yield from (each.arg for each, value in zip(taken.kwonlyargs, taken.kw_defaults, strict=True) if value is None)


def _uses_main(module: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == "main" and isinstance(node.ctx, ast.Load)
        for statement in module.body
        for node in _outside_functions(statement)
    )


def _bound(module: ast.Module) -> Iterable[str]:
    for statement in module.body:
        if isinstance(statement, _FUNCTIONS):
            yield statement.name
        elif isinstance(statement, ast.ImportFrom | ast.Import):
            yield from (alias.asname or alias.name for alias in statement.names)


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _outside_functions(child)
