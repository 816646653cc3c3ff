"""What a source of tools is: it lists them and calls them, and says both as they came."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from codegen.model import Json, JsonObject, Problem, ServerInfo, Tool


class Missing(Enum):
    """The absence of a value where null is a value."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING


@dataclass(frozen=True, slots=True)
class CallResult:
    """What a tool answered, as on the wire (MCP 2026-07-28, CallToolResult): nothing is checked, parsed or unwrapped.

    `structured` is MISSING where the server sent no `structuredContent`.
    """

    content: tuple[JsonObject, ...]
    structured: Json | Missing = MISSING
    is_error: bool = False


class Session(Protocol):
    """One open connection to a server. Calls may overlap, and may come from other tasks than the one that opened it."""

    @property
    def info(self) -> ServerInfo: ...

    @property
    def alive(self) -> bool:
        """False once the connection is lost; it never turns True again: open another."""
        ...

    async def list_tools(self, *, settled: bool = True) -> tuple[tuple[Tool, ...], tuple[Problem, ...]]:
        """Every tool, in wire order, and a Problem for each that can't be one. Raises ServerError.

        `settled`: a server that tells of changes is given a moment to tell of one that is about to come.
        """
        ...

    async def call_tool(self, name: str, arguments: JsonObject) -> CallResult:
        """Call one tool: one message. An answer with `is_error` is an answer. Raises ToolFailedError."""
        ...
