"""A server on the mcp SDK 1.x, which knows the handshake alone. Run it with the Python of .cache/servers/mcp1."""

from __future__ import annotations

from mcp.server.fastmcp import FastMCP
from pydantic import BaseModel

server = FastMCP("legacy", instructions="Speaks 2025-11-25 and older.", log_level="ERROR")


class Echo(BaseModel):
    text: str
    times: int


@server.tool()
def echo(text: str, times: int = 1) -> Echo:
    """Echo a text."""
    return Echo(text=text * times, times=times)


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def fail(message: str) -> str:
    """Fail with a message."""
    raise ValueError(message)


if __name__ == "__main__":
    server.run("stdio")
