"""`undo` of a tool in codegen.toml: the tool that takes a call back, and where its arguments come from."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast

from codegen.config.tables import Place, WrongError, read_map, read_table

_TAKEN = re.compile(r"(-?)(arguments|result)(?:\.(.+))?", re.DOTALL)
_DOT = re.compile(r"(?<!\\)\.")


@dataclass(frozen=True, slots=True)
class Taken:
    """A value of the call that is taken back: a part of `path` is a key or a position in a list; no part is all of it.

    `negated`: it is a number, and its opposite is wanted.
    """

    origin: Literal["arguments", "result"]
    path: tuple[str, ...] = ()
    negated: bool = False

    def __str__(self) -> str:
        parts = (part.replace(".", r"\.") for part in self.path)
        return ("-" if self.negated else "") + ".".join((self.origin, *parts))


Source: TypeAlias = "Taken | bool | int | float | str | list[Source] | dict[str, Source]"
"""Where a value comes from: taken from the call, or itself."""


@dataclass(frozen=True, slots=True)
class Undo:
    """`tool` is another one of the same server, by its wire name, as are the names of its `arguments`."""

    tool: str
    arguments: Mapping[str, Source] = field(default_factory=dict, hash=False)


def read_undo(value: object, place: Place) -> Undo:
    """Raises ConfigError."""
    table = read_map(value, place, '{ tool = "delete_order", arguments = { order_id = "result.id" } }')
    if "tool" not in table:
        raise place.fault("names no tool", 'expected tool = "delete_order" or another')
    readers = {"tool": _tool, "arguments": lambda given: _arguments(given, place.at("arguments"))}
    return read_table(Undo, readers, table, place)


def taken_by(source: Source) -> list[Taken]:
    """All that a value takes from the call."""
    if isinstance(source, Taken):
        return [source]
    inner = source if isinstance(source, list) else list(source.values()) if isinstance(source, dict) else []
    return [each for one in inner for each in taken_by(one)]


def _tool(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise WrongError("a tool of the same server, by the server's own name of it")
    return value


def _arguments(value: object, place: Place) -> dict[str, Source]:
    table = read_map(value, place, '{ order_id = "result.id" }')
    return {name: _source(each, place.at(name)) for name, each in table.items()}


def _source(value: object, place: Place) -> Source:
    if isinstance(value, list):
        return [_source(each, place) for each in value]
    if isinstance(value, dict):
        return {name: _source(each, place.at(name)) for name, each in value.items()}
    if isinstance(value, str):
        return _text(value, place)
    if isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise place.error(value, "a value that JSON has; a date goes in quotes of both kinds: \"'2026-11-01'\"")


def _text(value: str, place: Place) -> Source:
    """A path into the call, or a text in quotes of its own."""
    if len(value) >= 2 and value[0] == value[-1] == "'":
        return value[1:-1]
    match = _TAKEN.fullmatch(value)
    path = tuple(part.replace(r"\.", ".") for part in _DOT.split(match[3])) if match and match[3] else ()
    if match is None or not all(path):
        raise place.error(value, 'a path such as "result.id" or "-arguments.change", or a text such as "\'undone\'"')
    return Taken(cast("Literal['arguments', 'result']", match[2]), path, bool(match[1]))
