"""The MCP server of a workspace, over stdio or over HTTP on loopback behind a token."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from socket import socket
from typing import Any

from mcp.server.mcpserver import MCPServer

from codegen.agents.told import MARKS
from codegen.config.paths import Workspace
from codegen.server.resources import add_resources
from codegen.server.tools import Tools

INSTRUCTIONS = (
    "Tools of other servers, as Python functions. Search with several queries, then write one script that calls what "
    f"it needs and prints only the answer, and run it. {MARKS}"
)

_Message = MutableMapping[str, Any]
_App = Callable[[_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]], Awaitable[None]]


def make_server(place: Workspace) -> MCPServer[Any]:
    server: MCPServer[Any] = MCPServer(
        "codegen", instructions=INSTRUCTIONS, version="0.1.0", log_level="ERROR", tools=Tools(place).listed()
    )
    add_resources(server, place)
    return server


async def serve_stdio(place: Workspace) -> None:
    """Serve until standard input ends."""
    await make_server(place).run_stdio_async()


async def serve_http(place: Workspace, listening: socket, token: str) -> None:
    """Serve /mcp on a port of 127.0.0.1 until interrupted, to those who send `Authorization: Bearer TOKEN`."""
    import uvicorn

    app = _guarded(make_server(place).streamable_http_app(host="127.0.0.1"), token)
    await uvicorn.Server(uvicorn.Config(app, log_level="error")).serve([listening])


def _guarded(app: _App, token: str) -> _App:
    expected = f"Bearer {token}".encode()

    async def guarded(scope: _Message, receive: Callable[[], Awaitable[_Message]], send: Any) -> None:
        given = dict(scope.get("headers") or ()).get(b"authorization", b"")
        if scope["type"] == "http" and not hmac.compare_digest(given, expected):
            headers = [(b"www-authenticate", b"Bearer"), (b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": 401, "headers": headers})
            await send({"type": "http.response.body", "body": b"codegen serve printed the token that is needed here\n"})
            return
        await app(scope, receive, send)

    return guarded
