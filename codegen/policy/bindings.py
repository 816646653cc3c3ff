"""What the names of a script stand for, as far as they lead to modules: `gh` to `servers.github`."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

TREE = "servers"
"""The package of the generated tree."""

_IMPORTERS = frozenset({"importlib.import_module", "builtins.__import__"})
_MOST_ROUNDS = 10
"""Names given to names given to names."""

_MOST_PATHS = 30
_LONGEST = 6
"""Dots of a full name: a tool's has two, behind a skill's two more."""


@dataclass(frozen=True, slots=True)
class Bindings:
    """`names`: each name's full ones, wherever in the module it is bound. `imports`: modules, and what may be some;
    `stars`: those of which every name is imported, but for the tree's, which has more names than a script means.
    """

    names: Mapping[str, frozenset[str]]
    imports: frozenset[str]
    stars: frozenset[str] = frozenset()

    def paths(self, node: ast.expr) -> frozenset[str]:
        """The full names that an expression may stand for: `servers.github.create_issue`, `builtins.eval`."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.insert(0, node.attr)
            node = node.value
        found: frozenset[str] = frozenset()
        if isinstance(node, ast.Name):
            found = self.names.get(node.id) or frozenset(f"{owner}.{node.id}" for owner in ("builtins", *self.stars))
        elif isinstance(node, ast.Call):
            found = self._given(node)
        return frozenset(".".join([path, *attributes]) for path in found)

    def _given(self, node: ast.Call) -> frozenset[str]:
        """What `import_module("servers.github")` and `getattr(github, "create_issue")` stand for."""
        function, text = self.paths(node.func), literal_text(node)
        if text and function & _IMPORTERS:
            return frozenset({text if "importlib.import_module" in function else text.partition(".")[0]})
        if text and "builtins.getattr" in function:
            return frozenset(f"{path}.{text}" for path in self.paths(node.args[0]))
        return frozenset()


def literal_text(node: ast.Call) -> str:
    """The name in the source of an import or a getattr; empty where it is made at run time."""
    at = 1 if isinstance(node.func, ast.Name) and node.func.id == "getattr" else 0
    given = node.args[at] if len(node.args) > at else None
    text = given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else ""
    return "" if text.startswith(".") else text


def bindings(tree: ast.Module, package: str = "") -> Bindings:
    """The bindings of a module that lies in `package`."""
    names: dict[str, set[str]] = {}
    imports: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                names.setdefault(alias.asname or root, set()).add(alias.name if alias.asname else root)
                imports.add(alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = imported_from(node, package)
            imports |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
            for alias in node.names:
                names.setdefault(alias.asname or alias.name, set()).add(f"{base}.{alias.name}")
    stars = frozenset(path.removesuffix(".*") for path in names.pop("*", ()) if path.partition(".")[0] != TREE)
    bound = {name: frozenset(paths) for name, paths in names.items()}
    return _with_aliases(tree, Bindings(bound, frozenset(imports), stars))


def imported_from(node: ast.ImportFrom, package: str) -> str:
    """The full name of the module that names come from."""
    if not node.level:
        return node.module or ""
    parts = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])


def aliased(node: ast.AST) -> tuple[str, ast.expr] | None:
    """`name = value`, in whatever form."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return name, value
        case ast.NamedExpr(target=ast.Name(id=name), value=value):
            return name, value
    return None


def _with_aliases(tree: ast.Module, bound: Bindings) -> Bindings:
    pairs = [pair for pair in map(aliased, ast.walk(tree)) if pair is not None]
    for _ in range(_MOST_ROUNDS):
        more: dict[str, frozenset[str]] = dict(bound.names)
        for name, value in pairs:
            found = frozenset(path for path in bound.paths(value) if not _is_own(path) and path.count(".") < _LONGEST)
            if found:
                more[name] = _fewer(more.get(name, frozenset()) | found)
        if more == bound.names:
            break
        bound = Bindings(more, bound.imports, bound.stars)
    return bound


def _fewer(paths: frozenset[str]) -> frozenset[str]:
    """The tree's paths before others, and not more than a script can mean: `x = x.left` makes any number."""
    if len(paths) <= _MOST_PATHS:
        return paths
    return frozenset(sorted(paths, key=lambda path: (path.partition(".")[0] != TREE, path))[:_MOST_PATHS])


def _is_own(path: str) -> bool:
    """A name of the module's own, or a builtin that leads to no tool."""
    return path.startswith("builtins.") and path.partition(".")[2] not in {"eval", "exec", "getattr", "__import__"}
