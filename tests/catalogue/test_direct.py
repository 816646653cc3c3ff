"""Calls that go past the session, straight down a server's pipes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mcp.client.session import ClientSession

from codegen.catalogue.mcp import open_session
from codegen.config.mcp_json import StdioServer
from codegen.errors import ToolFailedError

pytestmark = pytest.mark.anyio

Scripted = Callable[..., StdioServer]


async def test_the_session_makes_the_first_call_alone(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    through = []
    send_request = ClientSession.send_request

    def counted(self: ClientSession, request: Any, *rest: Any) -> Any:
        through.append(request.method)
        return send_request(self, request, *rest)

    async with open_session(scripted("counting"), {}) as session:
        monkeypatch.setattr(ClientSession, "send_request", counted)
        for number in range(5):
            assert (await session.call_tool("tool_1", {"value": number})).structured == {
                "tool": "tool_1",
                "value": number,
            }
    assert through == ["tools/call"]


async def test_each_call_carries_what_the_newest_protocol_wants(scripted: Scripted) -> None:
    async with open_session(scripted("modern"), {}) as session:
        eras = [(await session.call_tool("era", {})).content[0]["text"] for _ in range(3)]
    assert eras == ["2026-07-28"] * 3


async def test_an_error_fails_its_call_alone(scripted: Scripted) -> None:
    async with open_session(scripted("answers"), {}) as session:
        await session.call_tool("echo", {})
        for tool, words in (("refuses", "no such thing: 5"), ("no_result", "no JSON-RPC result")):
            with pytest.raises(ToolFailedError, match=words):
                await session.call_tool(tool, {})
        assert session.alive


async def test_the_server_is_told_of_a_call_that_is_given_up(scripted: Scripted, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    async with open_session(scripted("counting", COUNT_FILE=str(seen), DELAY_MS="60000"), {}) as session:
        await session.call_tool("tool_0", {"value": 1})
        call = asyncio.create_task(session.call_tool("slow", {"value": 2}))
        await session.call_tool("tool_0", {"value": 3})
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await session.call_tool("tool_0", {"value": 4})
    assert seen.read_text().split()[-5:] == ["tools/call"] * 3 + ["notifications/cancelled", "tools/call"]
