"""Calls past the session, straight down a server's pipes.

The SDK's session costs more than all the rest of a small call: models dumped and validated, streams handed over, spans
opened. Here a call is a line out and a line in. The session makes the first one, so that what it adds to each request
is known (`_meta`, 2026-07-28); listings, notifications and what the server asks stay with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import anyio
from mcp import MCPError
from mcp.shared.dispatcher import coerce_request_id
from mcp_types import CONNECTION_CLOSED

from codegen.catalogue.process import LineWrites
from codegen.model import JsonObject

_FIRST = 1 << 30
"""Numbers that the session's own requests don't reach."""

_OURS = "io.modelcontextprotocol/"
"""Keys of `_meta` that are the same in each request of a connection."""


class DirectCalls:
    """The calls of one connection. `ready` once a request of the session was seen."""

    def __init__(self, writes: LineWrites) -> None:
        self._writes = writes
        self._meta: JsonObject | None = None
        self._last = _FIRST
        self._waiting: dict[int | str, asyncio.Future[JsonObject]] = {}
        self._closed = False

    @property
    def ready(self) -> bool:
        return self._meta is not None

    def learn(self, params: Mapping[str, Any]) -> None:
        """What a request of the session carries beside its own, this connection's carry from here on."""
        self._meta = {key: value for key, value in (params.get("_meta") or {}).items() if key.startswith(_OURS)}

    async def request(self, name: str, arguments: JsonObject) -> JsonObject:
        """Send one call and return its result object untouched. Raises MCPError."""
        if self._closed:
            raise _closed()
        self._last += 1
        number = self._last
        params: JsonObject = {"name": name, "arguments": arguments}
        if self._meta:
            params["_meta"] = self._meta
        answer: asyncio.Future[JsonObject] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._writes.put({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params})
            return await answer
        except anyio.BrokenResourceError:
            raise _closed() from None
        except asyncio.CancelledError:
            self._cancel(number)
            raise
        finally:
            del self._waiting[number]

    def _cancel(self, number: int) -> None:
        params: JsonObject = {"requestId": number, "reason": "caller cancelled"}
        with suppress(OSError, RuntimeError):  # the server is gone
            self._writes.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})

    def take(self, message: JsonObject) -> bool:
        """Whether a message, as it came, is the answer to one of these calls, which then has it."""
        number, result, error = message.get("id"), message.get("result"), message.get("error")
        waiting = self._waiting.get(coerce_request_id(number)) if isinstance(number, int | str) else None
        if waiting is None or message.get("jsonrpc") != "2.0" or "method" in message:
            return False
        if error is None and isinstance(result, dict):
            if not waiting.done():
                waiting.set_result(result)
            return True
        return result is None and isinstance(error, dict) and _fail(waiting, error)

    def close(self) -> None:
        """The server's side of the connection ended: nothing that waits gets an answer."""
        self._closed = True
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(_closed())
                waiting.exception()  # seen: one that is still being written ends with an error of its own


def _fail(waiting: asyncio.Future[JsonObject], error: JsonObject) -> bool:
    """End a call with the error that its server gives; False for what is none."""
    code, said = error.get("code"), error.get("message")
    if not isinstance(code, int) or not isinstance(said, str):
        return False
    if not waiting.done():
        waiting.set_exception(MCPError(code, said, error.get("data")))
    return True


def _closed() -> MCPError:
    return MCPError(CONNECTION_CLOSED, "Connection closed")
