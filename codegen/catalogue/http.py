"""HTTP under the SDK, made so that trouble is an answer: the SDK's transports end the whole session on an exception."""

from __future__ import annotations

import json

import httpx2
from mcp_types import INTERNAL_ERROR, METHOD_NOT_FOUND

_SESSION_HEADER = "mcp-session-id"


class AnsweringTransport(httpx2.AsyncBaseTransport):
    """Turns a failed connection, and any refusal that is no JSON-RPC error, into a JSON-RPC error that says why.

    `trouble` is the last of it. `lost` turns True when the server can't be reached or has forgotten the session.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self.trouble = ""
        self.lost = False
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = await self._inner.handle_async_request(request)
            if response.status_code >= 400 or _is_json(response):
                await response.aread()  # here, because a connection that breaks in the middle would raise up there
        except httpx2.TransportError as error:
            self.lost = True
            return self._answer(503, f"the server can't be reached: {str(error) or type(error).__name__}")
        if response.status_code < 400 or _is_rpc_error(response):
            return response
        if response.status_code == 404 and _SESSION_HEADER in request.headers:
            self.lost = True
        return self._answer(response.status_code, _refusal(response))

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _answer(self, status: int, what: str) -> httpx2.Response:
        self.trouble = what
        code = METHOD_NOT_FOUND if status == 404 else INTERNAL_ERROR
        body = {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": what}}
        return httpx2.Response(status, json=body)


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
