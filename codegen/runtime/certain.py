"""Whether a finding holds whatever the tools return: a type that was learned is no wider than what came so far."""

from __future__ import annotations

import ast
import re

_OF_A_RESULT = re.compile(r"bound method `(?:str|int|float|bool|list|dict|TypedDictFallback)\.")
_BRANCHES = (ast.If, ast.While, ast.Match, ast.IfExp, ast.BoolOp)


def is_certain(rule: str, message: str, line: int, module: ast.Module) -> bool:
    """False where the next result may prove a finding wrong, which would bar the very run that widens the type.

    That is: keys of a result given as arguments (`f(**result)`), a method of a result (a list's `pop` may be a dict's),
    and a name that is bound in a branch which the type rules out.
    """
    found = re.search(r"`(\w+)`", message)
    name = found[1] if found else ""
    if rule == "unresolved-reference":
        return name not in _bound_in_branches(module)
    if _OF_A_RESULT.search(message):
        return False
    given = [each.arg for call in _calls(module, line) for each in call.keywords]
    if rule == "unknown-argument":
        return name in given
    return rule != "missing-argument" or None not in given


def _bound_in_branches(module: ast.Module) -> set[str]:
    inside = (node for branch in ast.walk(module) if isinstance(branch, _BRANCHES) for node in ast.walk(branch))
    bound = (node for node in inside if not isinstance(getattr(node, "ctx", None), ast.Load))
    names = (getattr(node, word, None) for node in bound for word in ("id", "name", "asname", "rest"))
    return {name for name in names if isinstance(name, str)}


def _calls(module: ast.Module, line: int) -> list[ast.Call]:
    """The calls around a line. A column would tell more, but ty counts characters and `ast` bytes."""
    every = (node for node in ast.walk(module) if isinstance(node, ast.Call))
    return [call for call in every if call.lineno <= line <= (call.end_lineno or line)]
