"""A generated tool module, read without being run.

An interpreter that can't run our modules is served by a process outside it. That process must not import them: whoever
can write into the workspace would run there.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class NotGeneratedError(Exception):
    """The file is not what `codegen sync` writes."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A tool's function. `names` maps a parameter to its name on the wire, None to "spread this one", as stub.call."""

    name: str
    server: str
    tool: str
    required: tuple[str, ...]
    optional: frozenset[str]
    extra: str | None
    names: Mapping[str, str | None]

    def arguments(self, positional: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
        """What the function's `locals()` would be, less what wasn't given. Raises TypeError as Python does."""
        if positional:
            raise TypeError(f"{self.name}() takes 0 positional arguments but {len(positional)} were given")
        missing = [name for name in self.required if name not in named]
        if missing:
            raise TypeError(f"{self.name}() missing required keyword-only argument: {missing[0]!r}")
        known = {name: value for name, value in named.items() if name in self.required or name in self.optional}
        rest = {name: value for name, value in named.items() if name not in known}
        if self.extra:
            return {**known, self.extra: rest}
        if rest:
            raise TypeError(f"{self.name}() got an unexpected keyword argument {next(iter(rest))!r}")
        return known


def read_declared(text: str, name: str) -> Declared:
    """The function `name` of a generated module. Raises NotGeneratedError."""
    try:
        body = ast.parse(text).body
        function = next(node for node in body if isinstance(node, ast.FunctionDef) and node.name == name)
        last = function.body[-1]
        assert isinstance(last, ast.Return)
        assert isinstance(last.value, ast.Call)
        server, tool, _, *names = last.value.args
        return _declared(function, (_text(server), _text(tool)), names)
    except (AssertionError, StopIteration, SyntaxError, ValueError, RecursionError, MemoryError):
        raise NotGeneratedError(f"{name} is not a tool that `codegen sync` wrote") from None


def class_names(text: str) -> frozenset[str]:
    """The types that a generated module defines; none if it doesn't parse."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    classes = {node.name for node in body if isinstance(node, ast.ClassDef)}
    assigned = {target.id for node in body if isinstance(node, ast.Assign) for target in node.targets
                if isinstance(target, ast.Name)}  # fmt: skip
    return frozenset(classes | assigned)


def _text(node: ast.expr) -> str:
    value = ast.literal_eval(node)
    assert isinstance(value, str)
    return value


def _declared(function: ast.FunctionDef, wire: tuple[str, str], names: list[ast.expr]) -> Declared:
    parameters = function.args
    mapping = ast.literal_eval(names[0]) if names else {}
    assert isinstance(mapping, dict)
    pairs = list(zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True))
    return Declared(
        function.name,
        *wire,
        required=tuple(each.arg for each, default in pairs if default is None),
        optional=frozenset(each.arg for each, default in pairs if default is not None),
        extra=parameters.kwarg.arg if parameters.kwarg else None,
        names=mapping,
    )
