"""The type that an expression plainly has, as its author would write it in an annotation."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from codegen.skills.entry import Function

_DISPLAYS: Mapping[type[ast.expr], str] = {
    ast.JoinedStr: "str",
    ast.Compare: "bool",
    ast.Dict: "dict[str, object]",
    ast.DictComp: "dict[str, object]",
    ast.List: "list[object]",
    ast.ListComp: "list[object]",
}
_CALLS: Mapping[str, str] = {
    "len": "int",
    "int": "int",
    "float": "float",
    "str": "str",
    "bool": "bool",
    "dict": "dict[str, object]",
    "list": "list[object]",
    "sorted": "list[object]",
}


def kind_of(value: ast.expr | None) -> str:
    """Empty where it doesn't show; `None` for none."""
    if value is None:
        return "None"
    if isinstance(value, ast.Constant):
        return "None" if value.value is None else type(value.value).__name__
    if isinstance(value, ast.Call):
        return _CALLS.get(getattr(value.func, "id", ""), "")
    return _DISPLAYS.get(type(value), "")


def kind_given(function: Function) -> str:
    """What a function plainly returns: one type, or that or None; empty where its returns show more or less."""
    nodes = list(_own(function))
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in nodes):
        return ""
    kinds = {kind_of(node.value) for node in nodes if isinstance(node, ast.Return)} or {"None"}
    some = sorted(kinds - {"None"})
    return " | ".join([*some, *kinds & {"None"}]) if len(some) <= 1 and "" not in kinds else ""


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes inside, without those of functions and classes within."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            yield child
            yield from _own(child)
