"""HTTP under the SDK, made so that trouble is an answer: the SDK's transports end the whole session on an exception."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import httpx2
from mcp.shared.message import SessionMessage
from mcp_types import INTERNAL_ERROR, METHOD_NOT_FOUND, ErrorData, JSONRPCError

_SESSION_HEADER = "mcp-session-id"

UNCERTAIN = -32097
"""Our own code of an error after which nobody knows whether the server has done what it was asked."""


class AnsweringTransport(httpx2.AsyncBaseTransport):
    """Turns a failed connection, and any refusal that is no JSON-RPC error, into a JSON-RPC error that says why.

    `trouble` is the last of it. `lost` turns True when the server can't be reached or has forgotten the session.
    With the older transport answers come on another stream: there the error of a POST goes to `elsewhere`, and the
    SDK, which would never answer that request, is told that all is well.
    """

    def __init__(
        self, inner: httpx2.AsyncBaseTransport, elsewhere: Callable[[SessionMessage], Awaitable[None]] | None = None
    ) -> None:
        self.trouble = ""
        self.lost = False
        self._inner = inner
        self._elsewhere = elsewhere

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = await self._inner.handle_async_request(request)
            if response.status_code >= 400 or _is_json(response):
                await response.aread()  # here, because a connection that breaks in the middle would raise up there
        except httpx2.TransportError as error:
            self.lost = True
            what = f"the server can't be reached: {str(error) or type(error).__name__}"
            return await self._answer(request, 503, what)
        if response.status_code < 400 or (self._elsewhere is None and _is_rpc_error(response)):
            return response
        if response.status_code == 404 and _SESSION_HEADER in request.headers:
            self.lost = True
        return await self._answer(request, response.status_code, _refusal(response))

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _answer(self, request: httpx2.Request, status: int, what: str) -> httpx2.Response:
        self.trouble = what
        code = METHOD_NOT_FOUND if status == 404 else UNCERTAIN if status >= 500 else INTERNAL_ERROR
        error = ErrorData(code=code, message=what)
        if self._elsewhere is not None and request.method == "POST":
            number = json.loads(await request.aread()).get("id")
            if number is not None:
                await self._elsewhere(SessionMessage(JSONRPCError(jsonrpc="2.0", id=number, error=error)))
            return httpx2.Response(202)
        reply = JSONRPCError(jsonrpc="2.0", id=None, error=error)
        return httpx2.Response(status, json=reply.model_dump(exclude_unset=True))


def _is_json(response: httpx2.Response) -> bool:
    return str(response.headers.get("content-type", "")).lower().startswith("application/json")


def _is_rpc_error(response: httpx2.Response) -> bool:
    try:
        body = json.loads(response.content)
    except ValueError:
        return False
    return isinstance(body, dict) and "jsonrpc" in body and isinstance(body.get("error"), dict)


def _refusal(response: httpx2.Response) -> str:
    said = " ".join(response.text.split())[:200] if response.content else ""
    words = f"HTTP {response.status_code} {response.reason_phrase}".strip()
    return f"{words}: {said}" if said and not said.startswith("<") else words
