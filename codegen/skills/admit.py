"""Decides whether a script can be a skill, and makes it one.

Imports libcst (0.24 s): import this module where a skill is saved, nowhere else.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
import sys
from collections.abc import Iterator

from codegen.errors import SkillError
from codegen.skills.drivers import driving
from codegen.skills.effects import Finding, effects, plain_classes
from codegen.skills.entry import Function, describe, find_entry, functions, unannotated
from codegen.skills.kinds import kind_given, kind_of
from codegen.skills.names import Names, bound, bound_by, globals_used, hiding_scopes, loaded, module_names
from codegen.skills.rewrite import Rewrite, rewrite
from codegen.skills.skill import Admitted
from codegen.skills.source import docstring, parse
from codegen.skills.tools_used import tools_used

_RESERVED = frozenset({"main", "servers", "skills", "scripts", "data", "codegen"})
_MOST_FINDINGS = 8
_EXAMPLE = 'put the work into one: def main(days: int = 7) -> dict[str, int]: """What it gives, in one sentence."""'


def admit(source: str, name: str, file: str = "<script>") -> Admitted:
    """The script `source` as the skill `name`; nothing of it is executed, and an admitted source stays as it is.

    Raises SkillError naming every line of `file` that stands in the way and how to mend it.
    """
    check_name(name)
    source = source.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    tree = parse(source, whole=True)
    names = module_names(tree)
    function = find_entry(tree, name)
    dropped = driving(tree.body, names, frozenset(functions(tree).keys() & {name, "main"}))
    findings = [*_findings(tree, names, name, dropped), *_lost_globals(tree, source, dropped)]
    if function is None:
        missing = f"there is no function `{name}` or `main` to call"
        raise SkillError("\n".join([missing, *_lines(findings, file)]), hint=_EXAMPLE)
    findings += [*_entry_findings(function, tree), *_name_taken(function, tree, source, name)]
    if findings:
        raise SkillError("\n".join(_lines(findings, file)))
    changes = Rewrite(
        old_name=function.name,
        new_name=name,
        dropped=frozenset(dropped),
        unimported=_no_longer_used(tree, dropped),
        document=None if docstring(function) else tree.body.index(function),
    )
    return _admitted(rewrite(source, changes), changes)


def check_name(name: str) -> None:
    """Refuses what can't be a module and its function, or would hide something scripts rely on.

    Raises SkillError.
    """
    hint = "lower case words joined by underscores that say what it does, like weekly_report"
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", name) or keyword.iskeyword(name):
        raise SkillError(f"{name!r} can't be the name of a skill", hint=hint)
    if name in _RESERVED or hasattr(builtins, name) or name in sys.stdlib_module_names:
        raise SkillError(f"{name!r} already means something else in a script", hint=hint)


def _admitted(source: str, changes: Rewrite) -> Admitted:
    name = changes.new_name
    tree = parse(source, whole=True)
    if changes.old_name != name and changes.old_name in globals_used(source):
        raise SkillError(
            f"`{changes.old_name}` is used in a way that can't be renamed", hint=f"name it `{name}` yourself"
        )
    described = describe(functions(tree)[name], tree, name)
    return Admitted(source, name, described.signature, described.summary, tools_used(tree))


def _lines(findings: list[Finding], file: str) -> list[str]:
    ordered = [finding.told(file) for finding in sorted(findings, key=lambda finding: finding.line)]
    more = len(ordered) - _MOST_FINDINGS
    return [*ordered[:_MOST_FINDINGS], *([f"and {more} more"] if more > 0 else [])]


def _findings(tree: ast.Module, names: Names, name: str, dropped: list[int]) -> Iterator[Finding]:
    kept = [node for position, node in enumerate(tree.body) if position not in dropped]
    yield from effects(kept, names, plain_classes(tree))
    for node in ast.walk(tree):
        module = node.module or "" if isinstance(node, ast.ImportFrom) and not node.level else ""
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [module]
        if any(module.split(".")[0] == "scripts" for module in modules):
            yield Finding(
                getattr(node, "lineno", 1), "scripts/ is scratch and not kept", "save what it imports as a skill first"
            )
        if f"skills.{name}" in modules:
            yield Finding(getattr(node, "lineno", 1), f"imports skills.{name}, itself", "save under another name")


def _entry_findings(function: Function, tree: ast.Module) -> Iterator[Finding]:
    if bare := unannotated(function):
        listed = ", ".join(f"`{parameter.arg}`" for parameter, _ in bare)
        first, default = bare[0]
        kind = kind_of(default) if default else ""
        mend = f"write {first.arg}: {kind if kind not in {'', 'None'} else 'str or so'}"
        yield Finding(function.lineno, f"`{function.name}` has no annotation for {listed}", mend)
    if function.returns is None:
        mend = f"write what it gives after the parameters: -> {kind_given(function) or 'TYPE'}"
        yield Finding(function.lineno, f"`{function.name}` has no return annotation", mend)
    if not docstring(function) and not docstring(tree):
        yield Finding(
            function.lineno, f"`{function.name}` has no docstring", "say in one sentence below its `def` what it gives"
        )


def _lost_globals(tree: ast.Module, source: str, dropped: list[int]) -> Iterator[Finding]:
    """Names that only the removed statements set, and that the functions use."""
    kept = [node for position, node in enumerate(tree.body) if position not in dropped]
    gone = [tree.body[position] for position in dropped]
    if not gone:
        return
    spans = [(node.lineno, node.end_lineno or node.lineno) for node in gone]
    used = {
        name
        for name, scopes in globals_used(source).items()
        if any(not any(first <= scope.get_lineno() <= last for first, last in spans) for scope in scopes)
    }
    for node in gone:
        inner = node.body if isinstance(node, ast.If) else [node]
        for name in sorted((bound([*inner, node]) - bound(kept)) & used):
            yield Finding(
                node.lineno, f"`{name}` is set where the script is run", "pass it to the function as a parameter"
            )


def _name_taken(function: Function, tree: ast.Module, source: str, name: str) -> Iterator[Finding]:
    others = [node for node in tree.body if not isinstance(node, Function)]  # `@overload`s of it may stand above it
    if function.name in bound(others):
        yield Finding(function.lineno, f"`{function.name}` is bound twice at the top level", "keep the function only")
    for node in ast.walk(tree):
        if isinstance(node, ast.Global) and function.name in node.names:
            yield Finding(node.lineno, f"`{function.name}` is replaced at run time", "keep the function as it is")
    if function.name == name:
        return
    mend = "save the skill under another name"
    for node in tree.body:
        if name in bound([node]):
            yield Finding(node.lineno, f"`{name}` already names something else", mend)
    for line in hiding_scopes(source, function.name, name):
        yield Finding(line, f"a local `{name}` would hide the renamed function", mend)


def _no_longer_used(tree: ast.Module, dropped: list[int]) -> frozenset[str]:
    """The imports that only the removed statements needed."""
    kept = [node for position, node in enumerate(tree.body) if position not in dropped and not _is_text(node)]
    only_there = loaded(tree.body[position] for position in dropped) - loaded(kept)
    imports = [node for node in kept if isinstance(node, ast.Import | ast.ImportFrom)]
    return frozenset(bound_by(alias) for node in imports for alias in node.names) & only_there


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
