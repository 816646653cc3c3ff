"""Sessions over HTTP: both transports of the SDK, and servers that refuse, vanish or forget."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

import pytest
from mcp.server.mcpserver import MCPServer
from pydantic import Field

from codegen.catalogue.mcp import open_session
from codegen.config.mcp_json import HttpServer
from codegen.errors import ServerError, ToolFailedError

pytestmark = pytest.mark.anyio

Served = Callable[[Any], AbstractAsyncContextManager[str]]
Scope = dict[str, Any]


def tools() -> MCPServer:
    server = MCPServer("remote", instructions="Far away.", log_level="CRITICAL")

    @server.tool()
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    @server.tool()
    async def hold() -> str:
        """Never answer."""
        await asyncio.Event().wait()
        return ""

    return server


class Recording:
    """An ASGI app that keeps the headers of what it passes on, and can be told to answer with a status instead."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.headers: list[dict[str, str]] = []
        self.status = 0
        self.body = b""
        self.only = b""

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.headers.append({key.decode(): value.decode() for key, value in scope["headers"]})
        if not self.status or scope["method"].encode() not in (self.only or b"GET POST DELETE"):
            await self.app(scope, receive, send)
            return
        headers = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


async def test_streamable_http_is_listed_and_called_with_its_headers(served: Served) -> None:
    app = Recording(tools().streamable_http_app())
    async with served(app) as origin:
        config = HttpServer("far", origin + "/mcp", {"Authorization": "Bearer ${TOKEN}"})
        async with open_session(config, {"TOKEN": "sesame"}) as session:
            listed, problems = await session.list_tools()
            result = await session.call_tool("add", {"a": 1, "b": 2})
            assert session.alive
    assert [tool.name for tool in listed] == ["add", "hold"]
    assert problems == ()
    assert result.structured == {"result": 3}
    assert {headers.get("authorization") for headers in app.headers} == {"Bearer sesame"}
    assert session.info.instructions == "Far away."


async def test_arguments_that_a_server_wants_as_headers_too_are_sent_so_after_it_said_so(served: Served) -> None:
    server = MCPServer("remote", log_level="CRITICAL")

    @server.tool()
    def read(region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]) -> str:
        """Read."""
        return region

    app = Recording(server.streamable_http_app())
    async with served(app) as origin, open_session(HttpServer("far", origin + "/mcp"), {}) as session:
        assert (await session.call_tool("read", {"region": "north"})).structured == {"result": "north"}
        requests = len(app.headers)
        assert (await session.call_tool("read", {"region": "größe"})).structured == {"result": "größe"}
    assert app.headers[requests - 1]["mcp-param-region"] == "north"
    assert len(app.headers) == requests + 1


async def test_sse_is_listed_and_called_with_its_headers(served: Served) -> None:
    app = Recording(tools().sse_app())
    async with served(app) as origin:
        config = HttpServer("old", origin + "/sse", {"X-Key": "${TOKEN}"}, transport="sse")
        async with open_session(config, {"TOKEN": "sesame"}) as session:
            listed, _ = await session.list_tools()
            result = await session.call_tool("add", {"a": 1, "b": 2})
    assert [tool.name for tool in listed] == ["add", "hold"]
    assert result.structured == {"result": 3}
    assert {headers.get("x-key") for headers in app.headers} == {"sesame"}


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_an_address_where_nobody_listens_is_an_error_that_says_so(transport: Any) -> None:
    config = HttpServer("gone", "http://127.0.0.1:9/${KEY}", transport=transport)
    with pytest.raises(ServerError) as caught:
        async with open_session(config, {"KEY": "sesame-1234"}):
            pass
    assert "server 'gone' could not be reached" in caught.value.what
    assert "connect" in caught.value.what.lower()
    assert caught.value.hint == "its address: http://127.0.0.1:9/${KEY}"
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_a_refusal_is_told_with_its_status_and_words(served: Served, transport: Any) -> None:
    app = Recording(None)
    app.status, app.body = 401, b"Invalid   API key"
    async with served(app) as origin:
        with pytest.raises(ServerError, match="HTTP 401 Unauthorized: Invalid API key"):
            async with open_session(HttpServer("shut", origin + "/mcp", transport=transport), {}):
                pass


@pytest.mark.parametrize("status", [500, 503])
async def test_a_call_that_the_server_fails_on_fails_alone(served: Served, status: int) -> None:
    app = Recording(tools().streamable_http_app())
    async with served(app) as origin, open_session(HttpServer("far", origin + "/mcp"), {}) as session:
        app.status, app.body = status, b"<html>broken</html>"
        with pytest.raises(ToolFailedError, match=f"HTTP {status}"):
            await session.call_tool("add", {"a": 1, "b": 2})
        app.status = 0
        assert session.alive
        assert (await session.call_tool("add", {"a": 1, "b": 2})).structured == {"result": 3}


async def test_a_call_over_sse_that_is_refused_fails_alone(served: Served) -> None:
    app = Recording(tools().sse_app())
    async with (
        served(app) as origin,
        open_session(HttpServer("old", origin + "/sse", transport="sse"), {}) as session,
    ):
        app.status, app.only, app.body = 429, b"POST", b"slow down"
        with pytest.raises(ToolFailedError, match="HTTP 429 Too Many Requests: slow down"):
            await session.call_tool("add", {"a": 1, "b": 2})
        app.status = 0
        assert (await session.call_tool("add", {"a": 1, "b": 2})).structured == {"result": 3}


async def test_a_server_over_sse_that_vanishes_ends_the_session(served: Served) -> None:
    async with served(tools().sse_app()) as origin:
        opened = open_session(HttpServer("old", origin + "/sse", transport="sse"), {})
        session = await opened.__aenter__()
        held = asyncio.create_task(session.call_tool("hold", {}))
        await session.call_tool("add", {"a": 1, "b": 2})
    with pytest.raises(ToolFailedError, match="died during the call to hold"):
        await held
    with pytest.raises(ToolFailedError, match="died during the call to add"):
        await session.call_tool("add", {"a": 1, "b": 2})
    assert not session.alive
    await opened.__aexit__(None, None, None)


async def test_a_server_that_vanishes_fails_the_call_and_ends_the_session(served: Served) -> None:
    async with served(tools().streamable_http_app()) as origin:
        opened = open_session(HttpServer("far", origin + "/mcp"), {})
        session = await opened.__aenter__()
        held = asyncio.create_task(session.call_tool("hold", {}))
        await session.call_tool("add", {"a": 1, "b": 2})
    with pytest.raises(ToolFailedError):
        await held
    with pytest.raises(ToolFailedError, match="server 'far' died during the call to add: the server can't be reached"):
        await session.call_tool("add", {"a": 1, "b": 2})
    assert not session.alive
    await opened.__aexit__(None, None, None)


async def test_a_forgotten_session_is_no_longer_alive(served: Served) -> None:
    app = Recording(Legacy())
    async with served(app) as origin, open_session(HttpServer("far", origin + "/mcp"), {}) as session:
        assert (await session.call_tool("echo", {})).structured == {"ok": True}
        app.status = 404
        with pytest.raises(ToolFailedError, match="HTTP 404"):
            await session.call_tool("echo", {})
        assert not session.alive


async def test_a_call_over_http_can_be_cancelled_and_the_session_goes_on(served: Served) -> None:
    async with (
        served(tools().streamable_http_app()) as origin,
        open_session(HttpServer("far", origin + "/mcp"), {}) as session,
    ):
        call = asyncio.create_task(session.call_tool("hold", {}))
        await session.call_tool("add", {"a": 1, "b": 2})
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (await session.call_tool("add", {"a": 1, "b": 2})).structured == {"result": 3}


class Legacy:
    """A server of 2025-11-25 over streamable HTTP with a session, whose list holds a broken tool."""

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while (part := await receive())["type"] == "http.request":
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        message = json.loads(body) if body else {}
        answer = self._answer(message.get("method"))
        status = 405 if scope["method"] != "POST" else 202 if "id" not in message else 200 if answer else 400
        headers = [(b"content-type", b"application/json"), (b"mcp-session-id", b"s1")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        reply = {"jsonrpc": "2.0", "id": message.get("id"), "result": answer}
        await send({"type": "http.response.body", "body": json.dumps(reply).encode() if status == 200 else b""})

    def _answer(self, method: object) -> dict[str, Any] | None:
        match method:
            case "initialize":
                info = {"name": "legacy", "version": "1"}
                return {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}
            case "tools/list":
                return {"tools": [{"name": "echo"}, 5]}
            case "tools/call":
                return {"content": [], "structuredContent": {"ok": True}}
        return None


async def test_an_older_server_over_http_is_listed_and_called(served: Served) -> None:
    async with served(Legacy()) as origin, open_session(HttpServer("old", origin + "/mcp"), {}) as session:
        listed, problems = await session.list_tools()
        assert (await session.call_tool("echo", {})).structured == {"ok": True}
    assert [tool.name for tool in listed] == ["echo"]
    assert len(problems) == 1


async def test_an_address_that_is_no_mcp_server_says_what_it_answered(served: Served) -> None:
    async def page(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
            await send({"type": "http.response.body", "body": b"<html>hello</html>"})

    async with served(page) as origin:
        with pytest.raises(ServerError, match="text/html"):
            async with open_session(HttpServer("page", origin + "/"), {}):
                pass
