"""The values that cross folders: plain, frozen, and free of behaviour that needs another layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

JsonSchema: TypeAlias = dict[str, Any]
"""A JSON Schema document as it came over the wire; the one place where `dict[str, Any]` is the truth."""

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = "dict[str, Json]"

Effect: TypeAlias = Literal["reads", "writes", "destructive", "unknown"]
"""What a tool does to the world, by its server's own hints (MCP 2025-06-18, ToolAnnotations). Hints, not facts."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Partial trouble: reported, while the rest goes on."""

    where: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" ({self.hint})" if self.hint else "")


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """A server as it introduced itself: `name` is its key in mcp.json, the other texts are its own and untrusted."""

    name: str
    title: str = ""
    version: str = ""
    instructions: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool of a server: `wire` is the object of tools/list, and what isn't said beside it is read from it.

    `returns` is a schema given in codegen.toml in the place of the server's; `learned` one that earlier results fit,
    for a tool whose result nobody declared. `description` and `inputSchema` of `wire` are those that codegen.toml says,
    where it says some; what the server sent, untouched, is in `.catalogue.json`.
    """

    server: str
    name: str
    wire: JsonObject = field(hash=False)
    returns: JsonSchema | None = field(default=None, hash=False)
    learned: JsonSchema | None = field(default=None, hash=False)

    @property
    def title(self) -> str:
        return _text(self.wire.get("title")) or _text(self._hints.get("title"))

    @property
    def description(self) -> str:
        return _text(self.wire.get("description"))

    @property
    def input_schema(self) -> JsonSchema:
        schema = self.wire.get("inputSchema")
        return schema if isinstance(schema, dict) else {}

    @property
    def output_schema(self) -> JsonSchema | None:
        schema = self.wire.get("outputSchema")
        return schema if isinstance(schema, dict) else None

    @property
    def effect(self) -> Effect:
        """`unknown` where the server says nothing: most servers do, and a mark on every line marks nothing."""
        hints = self._hints
        if hints.get("readOnlyHint") is True:
            return "reads"
        if hints.get("destructiveHint") is True:
            return "destructive"
        if "readOnlyHint" in hints or "destructiveHint" in hints:
            return "writes"
        return "unknown"

    def hint(self, name: str) -> bool | None:
        """What the server says of it under a name of MCP's ToolAnnotations; None where it says nothing."""
        value = self._hints.get(name)
        return value if isinstance(value, bool) else None

    @property
    def _hints(self) -> Mapping[str, Json]:
        hints = self.wire.get("annotations")
        return hints if isinstance(hints, dict) else {}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What one server offers: the definitions as listed, in wire order, and what could not be used.

    `names` maps a tool's wire name to the module name it was given by an earlier sync, so that a tool added later never
    renames another (it is kept in `.catalogue.json`; empty on the first sync).
    """

    server: ServerInfo
    tools: tuple[Tool, ...]
    problems: tuple[Problem, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
