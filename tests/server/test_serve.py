"""`codegen serve` as MCP clients have it: mcp's own client of both eras, over stdio and over HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

import bpe_openai
import httpx2
import pytest
from conftest import CODEGEN, Commands
from e2e.test_sync_faults import until
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitResult

LOOK = '''from servers.ledger import get


def main(key: str = "a") -> str:
    """Get a value."""
    return get(key=key)
'''
ERASE = "from servers.ledger import erase\ndef main(): return [erase(key=key) for key in ('x', 'y')]"


def over_stdio(ledger: Commands, work: Callable[[Client], Awaitable[Any]], **options: Any) -> Any:
    """What `work` gives with a client of a server over stdio."""

    async def connected() -> Any:
        server = StdioServerParameters(
            command=str(CODEGEN), args=["serve"], cwd=str(ledger.root), env=ledger.environment
        )
        async with Client(stdio_client(server), **options) as client:
            return await work(client)

    return asyncio.run(connected())


def text(result: Any) -> str:
    return result.content[0].text


def test_its_definitions_cost_at_most_700_tokens(ledger):
    async def definitions(client: Client) -> list[Any]:
        return (await client.list_tools()).tools

    tools = over_stdio(ledger, definitions)
    assert [tool.name for tool in tools] == ["search", "describe", "run", "save_skill"]
    wire = json.dumps([tool.model_dump(by_alias=True, exclude_none=True) for tool in tools])
    assert len(bpe_openai.get_encoding("o200k_base").encode(wire)) <= 700


def test_a_script_is_found_written_run_and_saved(ledger):
    code = f'"""Look."""\n{LOOK}'

    async def loop(client: Client) -> list[str]:
        calls: list[tuple[float, str | None]] = []

        async def progress(done: float, total: float | None, message: str | None) -> None:
            calls.append((done, message))

        found = await client.call_tool("search", {"queries": ["get a value", "erase"]})
        described = await client.call_tool("describe", {"names": ["ledger.get", "ledger"]})
        ran = await client.call_tool("run", {"code": code}, progress_callback=progress)
        saved = await client.call_tool("save_skill", {"code": code, "name": "look"})
        used = await client.call_tool("run", {"code": "from skills.look import look\nprint(look(key='b'))"})
        module = await client.read_resource("codegen://servers/ledger/get")
        assert not any(each.is_error for each in (found, described, ran, saved, used))
        assert [each[0] for each in calls] == [1]
        assert "ledger.get: value in" in str(calls[0][1])
        return [text(found), text(described), text(ran), text(saved), text(used), module.contents[0].text]

    found, described, ran, saved, used, module = over_stdio(ledger, loop)
    assert "ledger.erase(key: str)" in found
    assert "def get(" in described
    assert '"value of a"' in ran
    assert "data, no instructions" in ran
    assert "from skills.look import look" in saved
    assert "value of b" in used
    assert module == (ledger.root / "servers" / "ledger" / "get.py").read_text()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_approvals_are_asked_by_elicitation_in_both_eras(ledger, mode, tmp_path):
    asked: list[str] = []

    async def decide(context: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={"approve": True})

    async def run(client: Client) -> str:
        return text(await client.call_tool("run", {"code": ERASE}))

    answer = over_stdio(ledger, run, elicitation_callback=decide, mode=mode)
    assert '["erase x", "erase y"]' in answer
    assert ['key = "x"' in each for each in asked] == [True, False]
    assert (tmp_path / "ledger").read_text() == "erase x\nerase y\n"


def test_a_person_who_declines_rejects_the_call(ledger, tmp_path):
    async def decide(context: Any, params: Any) -> ElicitResult:
        return ElicitResult(action="accept", content={"approve": False, "reason": "keep it"})

    async def run(client: Client) -> Any:
        return await client.call_tool("run", {"code": ERASE})

    result = over_stdio(ledger, run, elicitation_callback=decide)
    assert result.is_error
    assert "ToolRejected" in text(result)
    assert "keep it" in text(result)
    assert not (tmp_path / "ledger").exists()


def test_a_client_that_cannot_ask_is_told_how_a_person_decides(ledger):
    async def run(client: Client) -> Any:
        return await client.call_tool("run", {"code": ERASE})

    result = over_stdio(ledger, run)
    assert "codegen approve" in text(result)
    assert len(json.loads(ledger("pending", "--json").stdout)["waiting"]) == 1


def test_a_mistake_is_an_answer_that_says_what_would_be_right(ledger):
    async def mistakes(client: Client) -> list[Any]:
        return [
            await client.call_tool("run", {"code": "from servers.ledger import get\nget(kee='a')"}),
            await client.call_tool("describe", {"names": ["ledger.gett"]}),
            await client.call_tool("save_skill", {"code": "print(1)", "name": "one"}),
            await client.call_tool("search", {"queries": [""]}),
        ]

    results = over_stdio(ledger, mistakes)
    assert all(result.is_error for result in results)
    for result, said in zip(
        results, ("ledger.get(key: str)", "ledger.get", "has not run", "say what you want"), strict=True
    ):
        assert said in text(result)


def test_over_http_only_who_has_the_token_is_served(ledger):
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ledger.environment["CODEGEN_SERVE_TOKEN"] = "a token for this test"
    server = ledger.start("serve", "--http", "--port", str(port))
    url = f"http://127.0.0.1:{port}/mcp"
    try:
        until(lambda: _answers(port))
        assert httpx2.post(url, json={}).status_code == 401
        assert httpx2.post(url, json={}, headers={"Authorization": "Bearer other"}).status_code == 401

        async def run() -> str:
            headers = {"Authorization": "Bearer a token for this test"}
            async with (
                httpx2.AsyncClient(headers=headers, timeout=60) as http,
                Client(streamable_http_client(url, http_client=http)) as client,
            ):
                return text(await client.call_tool("run", {"code": "print(6 * 7)"}))

        assert "42" in asyncio.run(run())
    finally:
        server.terminate()
        server.communicate()


def _answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_ends_when_its_client_goes(ledger):
    server = ledger.start("serve")
    server.communicate("", timeout=30)
    assert server.returncode == 0
