"""The servers that other tests use do list and echo."""

from __future__ import annotations

import json
import runpy
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError, StdioServerParameters

pytestmark = pytest.mark.anyio

HERE = Path(__file__).parent
OLD_PYTHON = HERE.parent / ".cache" / "servers" / "mcp1" / "bin" / "python"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def start(name: str, *, python: Path | str = sys.executable, **env: str) -> AbstractAsyncContextManager[Client]:
    path = HERE / "servers" / f"{name}.py"
    return Client(StdioServerParameters(command=str(python), args=[str(path)], env=env))


async def tool_names(client: Client) -> list[str]:
    names: list[str] = []
    cursor = None
    while True:
        page = await client.list_tools(cursor=cursor)
        names += [tool.name for tool in page.tools]
        if (cursor := page.next_cursor) is None:
            return names


@pytest.fixture
def awkward(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.syspath_prepend(HERE / "servers")
    return runpy.run_path(str(HERE / "servers" / "awkward.py"))


async def test_awkward_echoes_exact_arguments_from_every_tool_that_promises_to(awkward: dict[str, Any]) -> None:
    sent = {"user-id": 1, "": "empty", "None": None, "größe": 1.5, "deep": {"class": ["\u202e"]}}
    async with start("awkward") as client:
        names = await tool_names(client)
        echoing = [name for name in names if name not in awkward["RESULTS"] and name != "rpc_error"]
        for name in echoing:
            result = await client.call_tool(name, sent)
            text = result.content[0]
            assert text.type == "text"
            got = result.structured_content or json.loads(text.text)
            assert got == {"tool": name, "arguments": sent}
    assert len(names) == len(set(names)) == 65
    assert len(echoing) == 35


async def test_awkward_gives_each_result_as_it_is_written_down(awkward: dict[str, Any], tmp_path: Path) -> None:
    log = tmp_path / "calls"
    async with start("awkward", CALLS_FILE=str(log)) as client:
        await tool_names(client)
        for name, (_, wire) in awkward["RESULTS"].items():
            result = await client.call_tool(name, {"n": 1})
            assert result.is_error == wire.get("isError", False)
            assert result.structured_content == wire.get("structuredContent")
            assert len(result.content) == len(wire["content"])
        with pytest.raises(MCPError, match="the tool broke"):
            await client.call_tool("rpc_error", {})
    logged = [json.loads(line)["tool"] for line in log.read_text(encoding="utf-8").splitlines()]
    assert logged == [*awkward["RESULTS"], "rpc_error"]


async def test_counting_writes_down_each_method_it_received(tmp_path: Path) -> None:
    log = tmp_path / "methods"
    async with start("counting", COUNT_FILE=str(log), TOOLS="250", DELAY_MS="0") as client:
        assert len(await tool_names(client)) == 251
        for name in ("tool_0", "slow"):
            assert (await client.call_tool(name, {"value": 7})).structured_content == {"tool": name, "value": 7}
    methods = log.read_text(encoding="utf-8").split()
    assert methods.count("tools/list") == 3
    assert methods.count("tools/call") == 2
    assert methods.count("initialize") == 1


async def test_modern_is_discovered_and_speaks_the_new_protocol() -> None:
    async with start("modern") as client:
        assert client.protocol_version == "2026-07-28"
        assert (await client.call_tool("era", {})).structured_content == {"result": "2026-07-28"}
        assert (await client.call_tool("echo", {"text": "a"})).structured_content == {"text": "a", "times": 1}


@pytest.mark.servers
@pytest.mark.skipif(not OLD_PYTHON.exists(), reason="run python tests/setup_servers.py")
async def test_the_old_sdk_is_spoken_to_by_the_handshake() -> None:
    async with start("legacy_sdk", python=OLD_PYTHON) as client:
        assert client.protocol_version == "2025-11-25"
        assert (await client.call_tool("echo", {"text": "a"})).structured_content == {"text": "a", "times": 1}
        assert (await client.call_tool("fail", {"message": "no"})).is_error
