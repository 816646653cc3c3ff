"""`main`: whether the runner calls it, and what the command line gives it."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from codegen.errors import nearest
from codegen.model import Json, JsonObject
from codegen.runtime.check import Finding, Script


@dataclass(frozen=True, slots=True)
class Entry:
    """How a script is entered: `called` with `named` arguments, or why it can't be."""

    called: bool = False
    named: JsonObject | None = None
    findings: tuple[Finding, ...] = ()


def entry_of(script: Script, arguments: tuple[str, ...]) -> Entry:
    """The runner calls `main` when a script has one and doesn't use it at its own top level.

    Its parameters are filled from arguments `name=value`; others are left to sys.argv. A name that `main` doesn't have,
    a value of another type than it says, and a parameter that nothing fills are findings that block. A source that
    doesn't parse is the runner's to show.
    """
    try:
        module = ast.parse(script.source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Entry()
    if "main" not in set(_bound(module)) or _uses_main(module):
        return Entry()
    mains = [each for each in module.body if isinstance(each, _FUNCTIONS) and each.name == "main"]
    return _filled(mains[-1], script.file, arguments) if mains else Entry(called=True)


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _filled(main: ast.FunctionDef | ast.AsyncFunctionDef, file: str, arguments: tuple[str, ...]) -> Entry:
    taken = main.args
    parameters = {each.arg: each for each in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs)}
    pairs = [(name, value) for name, mark, value in (text.partition("=") for text in arguments) if mark]
    given = {name: value for name, value in pairs if name.isidentifier()} if parameters or taken.kwarg else {}
    unknown = [name for name in given if name not in parameters] if taken.kwarg is None else []
    missing = [name for name in _required(taken) if name not in given]
    shape = f"main({ast.unparse(taken)})"
    findings = [
        _finding(main, file, f"main has no parameter {name!r}", nearest(name, parameters) or shape) for name in unknown
    ]
    if missing:
        how = f"codegen run {file} -- {' '.join(f'{name}=VALUE' for name in missing)}"
        findings.append(_finding(main, file, f"nothing fills {', '.join(missing)} of {shape}", how))
    typed = {name: each.annotation for name, each in parameters.items() if each.annotation}
    spelt = {name: ast.unparse(each) for name, each in typed.items()}
    named: JsonObject = {name: argument_value(text, spelt.get(name, "")) for name, text in given.items()}
    findings += [
        _finding(main, file, f"{name}={given[name]}: main takes {name}: {spelt[name]}", f"{shape}; values are JSON")
        for name, value in named.items()
        if name in typed and not _fits(value, typed[name])
    ]
    return Entry(called=True, named=named or None, findings=tuple(findings))


def _required(taken: ast.arguments) -> Iterator[str]:
    plain = [*taken.posonlyargs, *taken.args]
    yield from (each.arg for each in plain[: len(plain) - len(taken.defaults)])
    yield from (each.arg for each, value in zip(taken.kwonlyargs, taken.kw_defaults, strict=True) if value is None)


def argument_value(text: str, annotation: str) -> Json:
    """What an argument's text means: JSON where it is; the text itself where it isn't, or the parameter is a `str`."""
    if annotation == "str":
        return text
    try:
        value: Json = json.loads(text)
    except ValueError:
        return text
    return value


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "int": int,
    "float": (int, float),
    "bool": bool,
    "str": str,
    "list": list,
    "dict": dict,
}


def _fits(value: Json, annotation: ast.expr) -> bool:
    """Whether a value may be of the type that an annotation says; what isn't understood takes anything."""
    if isinstance(annotation, ast.BinOp):
        return _fits(value, annotation.left) or _fits(value, annotation.right)
    if isinstance(annotation, ast.Constant) and annotation.value is None:
        return value is None
    outer = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    if not isinstance(outer, ast.Name):
        return True
    if outer.id == "Literal" and isinstance(annotation, ast.Subscript):
        taken = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        return any(not isinstance(each, ast.Constant) or each.value == value for each in taken)
    kind = _KINDS.get(outer.id)
    return kind is None or (isinstance(value, kind) and (outer.id == "bool" or not isinstance(value, bool)))


def _finding(main: ast.stmt, file: str, message: str, hint: str) -> Finding:
    return Finding(file, main.lineno, main.col_offset + 1, message, blocking=True, hint=hint)


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
