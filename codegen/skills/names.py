"""What the names of a module stand for: imported from where, defined here, or global to its functions."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """`imported`: local name -> full name (`rx` -> `re.compile`); `defined`: other names bound at the top level."""

    imported: Mapping[str, str]
    defined: frozenset[str]

    def full_name(self, expression: ast.expr) -> str:
        """`re.compile` for whatever the module calls it, `builtins.print`, or nothing for what is defined here."""
        attributes: list[str] = []
        while isinstance(expression, ast.Attribute):
            attributes.insert(0, expression.attr)
            expression = expression.value
        if not isinstance(expression, ast.Name) or expression.id in self.defined:
            return ""
        return ".".join([self.imported.get(expression.id, f"builtins.{expression.id}"), *attributes])


def module_names(tree: ast.Module) -> Names:
    """The names bound by the statements of the top level, those inside `if` and `try` included."""
    imported: dict[str, str] = {}
    defined: set[str] = set()
    for node in _outside_functions(tree.body):
        if isinstance(node, ast.Import):
            imported |= {bound_by(alias): alias.name if alias.asname else bound_by(alias) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported |= {bound_by(alias): f"{node.module or ''}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            defined.add(node.id)
    return Names(imported, frozenset(defined))


def bound_by(alias: ast.alias) -> str:
    """The local name an import makes: `os` for `import os.path`."""
    return alias.asname or alias.name.split(".")[0]


def bound(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that these top-level statements bind."""
    found = module_names(ast.Module(body=[node for node in nodes if isinstance(node, ast.stmt)], type_ignores=[]))
    return {*found.imported, *found.defined}


def loaded(nodes: Iterable[ast.AST]) -> set[str]:
    """The names used anywhere in these nodes, also in strings that are no docstrings: annotations, `__all__`."""
    found: set[str] = set()
    for top in nodes:
        for node in ast.walk(top):
            if isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(word for word in _words(node.value))
    return found


def globals_used(source: str) -> dict[str, list[symtable.SymbolTable]]:
    """The global names that functions and classes use, with the scopes that use them.

    Raises SyntaxError as the compiler does.
    """
    used: dict[str, list[symtable.SymbolTable]] = {}
    for scope in _inner_scopes(symtable.symtable(source, "<skill>", "exec")):
        for symbol in scope.get_symbols():
            if symbol.is_global() and symbol.is_referenced():
                used.setdefault(symbol.get_name(), []).append(scope)
    return used


def hiding_scopes(source: str, used: str, hidden: str) -> list[int]:
    """The lines of scopes where the global `used` is in use and a local `hidden` would take the place of a global."""
    return [
        scope.get_lineno()
        for scope in _inner_scopes(symtable.symtable(source, "<skill>", "exec"))
        if any(symbol.get_name() == hidden and symbol.is_local() for symbol in scope.get_symbols())
        and any(
            symbol.get_name() == used and symbol.is_global()
            for inner in (scope, *_inner_scopes(scope))
            for symbol in inner.get_symbols()
        )
    ]


def _inner_scopes(scope: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in scope.get_children():
        yield child
        yield from _inner_scopes(child)


def _outside_functions(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Every node that runs on import, in order; functions and classes are given, not entered."""
    waiting = list(body)[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting.extend(list(ast.iter_child_nodes(node))[::-1])


def _words(text: str) -> list[str]:
    return "".join(character if character.isidentifier() or character.isdigit() else " " for character in text).split()
