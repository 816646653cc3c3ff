"""Servers to list and call: scripts of tests/servers over stdio, and SDK servers over HTTP on loopback."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from codegen.config.mcp_json import StdioServer

SERVERS = Path(__file__).parent.parent / "servers"

Scripted = Callable[..., StdioServer]
Served = Callable[[Any], AbstractAsyncContextManager[str]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def scripted() -> Scripted:
    """The configuration of a script in tests/servers, with these environment variables."""

    def make(name: str, **env: str) -> StdioServer:
        return StdioServer(name, sys.executable, (str(SERVERS / f"{name}.py"),), env, SERVERS)

    return make


@pytest.fixture
def served() -> Served:
    """Serve an ASGI app on a free port of the loopback; gives its origin."""
    import uvicorn

    @asynccontextmanager
    async def serve(app: Any) -> AsyncIterator[str]:
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
        running = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running
            listener.close()

    return serve
