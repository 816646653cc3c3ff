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
from mcp_types import CONNECTION_CLOSED, CallToolRequest, JSONRPCError, JSONRPCResponse

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

    async def request(self, request: CallToolRequest) -> JsonObject:
        """Send one call and return its result object untouched. Raises MCPError."""
        if self._closed:
            raise _closed()
        self._last += 1
        number = self._last
        params: JsonObject = request.params.model_dump(mode="json", by_alias=True, exclude_unset=True)
        if self._meta:
            params["_meta"] = self._meta
        answer: asyncio.Future[JsonObject] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._writes.put({"jsonrpc": "2.0", "id": number, "method": request.method, "params": params})
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

    def take(self, message: JSONRPCResponse | JSONRPCError) -> bool:
        """Whether this is the answer to one of these calls, which then has it."""
        waiting = self._waiting.get(coerce_request_id(message.id)) if message.id is not None else None
        if waiting is None:
            return False
        if waiting.done():
            return True
        if isinstance(message, JSONRPCError):
            error = message.error
            waiting.set_exception(MCPError(error.code, error.message, error.data))
        else:
            waiting.set_result(message.result)
        return True

    def close(self) -> None:
        """The server's side of the connection ended: nothing that waits gets an answer."""
        self._closed = True
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(_closed())
                waiting.exception()  # seen: one that is still being written ends with an error of its own


def _closed() -> MCPError:
    return MCPError(CONNECTION_CLOSED, "Connection closed")
