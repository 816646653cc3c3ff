"""Tools that live in the command that started a run: server `local`, called over the command's own connection.

    to the command    {"call": {"id": 3, "tool": "get_weather", "arguments": {"city": "Paris"}}}
    and back          {"answer": {"id": 3, "value": …}} or {"answer": {"id": 3, "error": text}}

Their definitions are in the tree like those of every server: check, policy, approval and journal see no difference.
`value` is what an MCP server would give as structured content.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

from codegen.catalogue.source import CallResult
from codegen.errors import LostError
from codegen.model import JsonObject, Tool

LOCAL = "local"
"""The server's name; a server of mcp.json that is called so too is hidden from such a run."""


class LocalSession:
    """The functions of one command, for as long as its run goes on."""

    def __init__(self, send: Callable[[JsonObject], Awaitable[None]]) -> None:
        self._send = send
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[CallResult]] = {}

    async def open(self, server: str, pinned: Tool | None = None) -> None:
        """Nothing is to be opened, and no function changes during a run: as with `Sessions.open`."""

    async def call(self, server: str, tool: str, arguments: JsonObject, pinned: Tool | None = None) -> CallResult:
        """Have the command call one of its functions. Raises LostError when the command goes away meanwhile."""
        number = next(self._numbers)
        answer: asyncio.Future[CallResult] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._send({"call": {"id": number, "tool": tool, "arguments": arguments}})
            return await answer
        finally:
            del self._waiting[number]

    def answered(self, body: object) -> None:
        """Take what the command says of a call; of one that nobody waits for any more, nothing."""
        body = body if isinstance(body, dict) else {}
        number = body.get("id")
        waiting = self._waiting.get(number) if isinstance(number, int) else None
        if waiting is None or waiting.done():
            return
        if "error" in body:
            waiting.set_result(CallResult(({"type": "text", "text": str(body["error"])},), is_error=True))
        else:
            waiting.set_result(CallResult((), structured=body.get("value")))

    def lose(self) -> None:
        """The command is gone: what it did of the calls under way is unknown."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(LostError("the program that this function lives in went away during the call"))
