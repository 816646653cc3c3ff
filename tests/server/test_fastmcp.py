"""`codegen serve` as fastmcp's client has it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from conftest import CODEGEN
from fastmcp import Client
from fastmcp.client.transports import StdioTransport, StreamableHttpTransport
from server.clients import ERASE, LOOK, TOKEN, over_http

CODE = f'"""Look."""\n{LOOK}'


async def used(transport: Any, mode: str) -> tuple[list[str], list[tuple[str, Any]]]:
    """What each tool answers, and what a person was asked and what progress was heard on the way."""
    heard: list[tuple[str, Any]] = []

    async def decide(message: str, response_type: Any, params: Any, context: Any) -> Any:
        heard.append(("asked", message))
        return {"approve": 'key = "x"' in message, "reason": "keep y"}

    async def progress(done: float, total: float | None, message: str | None) -> None:
        heard.append(("progress", message))

    async with Client(transport, elicitation_handler=decide, progress_handler=progress, mode=mode) as client:
        assert [tool.name for tool in await client.list_tools()] == ["search", "describe", "run", "save_skill"]
        calls = [
            ("search", {"queries": ["get a value"]}),
            ("describe", {"names": ["ledger.get"]}),
            ("run", {"code": CODE}),
            ("save_skill", {"code": CODE, "name": "look"}),
            ("run", {"code": ERASE}),
        ]
        answers = [await client.call_tool(name, given, raise_on_error=False) for name, given in calls]
        (module,) = await client.read_resource("codegen://servers/ledger/get")
    return [answer.content[0].text for answer in answers] + [module.text], heard


def over_stdio(ledger: Any) -> Any:
    server = StdioTransport(str(CODEGEN), ["serve"], env=ledger.environment, cwd=str(ledger.root), keep_alive=False)
    return asyncio.run(used(server, "auto"))


def over_the_web(ledger: Any) -> Any:
    with over_http(ledger) as url:
        server = StreamableHttpTransport(url, headers={"Authorization": f"Bearer {TOKEN}"})
        return asyncio.run(used(server, "legacy"))


@pytest.mark.parametrize("by", [over_stdio, over_the_web])
def test_it_finds_runs_saves_hears_of_calls_and_asks_its_person(by, ledger, written):
    (found, described, ran, saved, ended, module), heard = by(ledger)
    assert "ledger.get(key: str)" in found
    assert "def get(" in described
    assert '"value of a"' in ran
    assert "from skills.look import look" in saved
    assert module == (ledger.root / "servers" / "ledger" / "get.py").read_text()
    assert "ToolRejected" in ended
    assert "keep y" in ended
    assert written() == ["erase x"]
    assert [kind for kind, _ in heard].count("asked") == 2
    assert ("progress", True) in [(kind, "ledger.get: value in" in str(said)) for kind, said in heard]
