"""A server on the mcp SDK 2.x: answers `server/discover` of 2026-07-28, and the handshake of older clients."""

from __future__ import annotations

from mcp.server.mcpserver import Context, MCPServer
from typing_extensions import TypedDict

server = MCPServer("modern", instructions="Speaks 2026-07-28.", log_level="ERROR")


class Echo(TypedDict):
    text: str
    times: int


@server.tool()
def echo(text: str, times: int = 1) -> Echo:
    """Echo a text."""
    return Echo(text=text * times, times=times)


@server.tool()
def era(context: Context) -> str:
    """The protocol version this call came in."""
    return context.request_context.protocol_version


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


if __name__ == "__main__":
    server.run("stdio")
