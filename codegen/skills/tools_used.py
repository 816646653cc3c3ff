"""Which tools a script uses, read from its source; names are modules on disk: `github.create_issue`."""

from __future__ import annotations

import ast

ROOT = "servers"
ANY = "*"
"""Stands for what can't be told without running: `github.*` is some tools of github, `*.*` tools of any server."""

_OWN_NAMES = frozenset(
    {"gather", "step", "ToolError", "ToolRejected", "UNSET", "Any", "Literal", "NotRequired", "TypedDict"}
)
_BY_NAME = frozenset({"call", "exchange", "_client"})
_IMPORTERS = frozenset({"import_module", "__import__"})


def tools_used(tree: ast.Module) -> tuple[str, ...]:
    """The tools `tree` uses, sorted."""
    found: set[str] = set()
    prefixes: dict[str, str] = {}  # local name -> what it stands for: "servers", "servers.github"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            _from_import(node, found, prefixes)
        elif isinstance(node, ast.Import):
            _plain_import(node, prefixes)
        elif isinstance(node, ast.Call):
            _dynamic_import(node, found)
    if prefixes:
        _follow(tree, prefixes, found)
    return tuple(sorted(found))


def _from_import(node: ast.ImportFrom, found: set[str], prefixes: dict[str, str]) -> None:
    parts = (node.module or "").split(".")
    if node.level or parts[0] != ROOT:
        return
    for alias in node.names:
        path = [*parts[1:], alias.name]
        if len(path) == 1 and alias.name in _OWN_NAMES:
            continue
        if len(path) == 1 and alias.name not in _BY_NAME | {ANY}:
            prefixes[alias.asname or alias.name] = f"{ROOT}.{alias.name}"
        else:
            _add(path, found)


def _plain_import(node: ast.Import, prefixes: dict[str, str]) -> None:
    for alias in node.names:
        if alias.name.split(".")[0] == ROOT:
            prefixes[alias.asname or ROOT] = alias.name if alias.asname else ROOT


def _dynamic_import(node: ast.Call, found: set[str]) -> None:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name not in _IMPORTERS or not node.args:
        return
    target = node.args[0]
    if not (isinstance(target, ast.Constant) and isinstance(target.value, str)):
        found.add(f"{ANY}.{ANY}")
    elif target.value.split(".")[0] == ROOT:
        _add(target.value.split(".")[1:], found)


def _follow(tree: ast.Module, prefixes: dict[str, str], found: set[str]) -> None:
    """Adds what is used through a name for a part of the tree: `gh.create_issue(…)` one tool, `f(gh)` any of them."""
    chains: list[tuple[str, list[str]]] = []
    inner: set[int] = set()
    for node in ast.walk(tree):  # outermost first: the longest chain of attributes is met before its parts
        if not isinstance(node, ast.Attribute | ast.Name) or id(node) in inner:
            continue
        attributes: list[str] = []
        value: ast.expr = node
        while isinstance(value, ast.Attribute):
            attributes.insert(0, value.attr)
            value = value.value
            inner.add(id(value))
        if isinstance(value, ast.Name) and value.id in prefixes:
            chains.append((value.id, attributes))
    for name, attributes in chains:
        path = [*prefixes[name].split(".")[1:], *attributes]
        if not (len(path) == 1 and path[0] in _OWN_NAMES):
            _add(path, found)


def _add(path: list[str], found: set[str]) -> None:
    if not path or path[0] in _BY_NAME | {ANY}:
        found.add(f"{ANY}.{ANY}")
    elif len(path) == 1 or path[1].startswith("__"):
        found.add(f"{path[0]}.{ANY}")
    else:
        found.add(f"{path[0]}.{path[1]}")
