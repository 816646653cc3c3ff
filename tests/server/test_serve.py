"""`codegen serve` as MCP clients have it: mcp's own client of both eras, over stdio and over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import patch

import bpe_openai
import httpx2
import pytest
from conftest import CODEGEN, Commands
from e2e.test_sync_faults import until
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitResult
from server.clients import ERASE, LOOK, TOKEN, over_http

from codegen.config.paths import Workspace
from codegen.server.serve import make_server


def over_stdio(ledger: Commands, work: Callable[[Client], Awaitable[Any]], **options: Any) -> Any:
    """What `work` gives with a client of a server over stdio."""
    server = StdioServerParameters(command=str(CODEGEN), args=["serve"], cwd=str(ledger.root), env=ledger.environment)
    return connected(stdio_client(server), work, **options)


def in_process(ledger: Commands, work: Callable[[Client], Awaitable[Any]], **options: Any) -> Any:
    """The same, with the server in this process: it starts in no time."""
    with patch.dict(os.environ, ledger.environment):
        return connected(make_server(Workspace(ledger.root)), work, **options)


def connected(server: Any, work: Callable[[Client], Awaitable[Any]], **options: Any) -> Any:
    async def worked() -> Any:
        async with Client(server, **options) as client:
            return await work(client)

    return asyncio.run(worked())


def text(result: Any) -> str:
    return result.content[0].text


def test_its_definitions_cost_at_most_700_tokens(ledger):
    async def definitions(client: Client) -> list[Any]:
        return (await client.list_tools()).tools

    tools = in_process(ledger, definitions)
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
    assert ran.startswith("<data>\n"), "marked as data"
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

    answer = in_process(ledger, run, elicitation_callback=decide, mode=mode)
    assert '["erase x", "erase y"]' in answer
    assert ['key = "x"' in each for each in asked] == [True, False]
    assert (tmp_path / "ledger").read_text() == "erase x\nerase y\n"


def test_a_person_who_declines_rejects_the_call(ledger, tmp_path):
    async def decide(context: Any, params: Any) -> ElicitResult:
        return ElicitResult(action="accept", content={"approve": False, "reason": "keep it"})

    async def run(client: Client) -> Any:
        return await client.call_tool("run", {"code": ERASE})

    result = in_process(ledger, run, elicitation_callback=decide)
    assert result.is_error
    assert "ToolRejected" in text(result)
    assert "keep it" in text(result)
    assert not (tmp_path / "ledger").exists()


async def cancel(context: Any, params: Any) -> ElicitResult:
    return ElicitResult(action="cancel")


@pytest.mark.parametrize(
    "options", [{}, {"elicitation_callback": cancel}, {"elicitation_callback": cancel, "mode": "legacy"}]
)
def test_where_nobody_decides_it_is_said_how_a_person_does_and_how_to_go_on(ledger, options, written):
    async def run(client: Client) -> tuple[Any, Any]:
        waits = await client.call_tool("run", {"code": ERASE.replace("'x', 'y'", "'x'")})
        (waiting,) = re.findall(r"codegen approve (\w+)", text(waits))
        await asyncio.to_thread(ledger, "approve", waiting)
        return waits, await client.call_tool("run", {"resume": waiting})

    waits, resumed = in_process(ledger, run, **options)
    assert waits.is_error
    assert 'key = "x"' in text(waits)
    assert not resumed.is_error
    assert '["erase x"]' in text(resumed)
    assert written() == ["erase x"]


def test_personal_data_is_veiled_in_answers_and_questions_and_tools_get_it(ledger, written):
    (ledger.root / "codegen.toml").write_text('[privacy]\nredact = ["email"]\n')
    asked: list[str] = []

    async def decide(context: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={"approve": True})

    async def run(client: Client) -> list[str]:
        scripts = ("return get(key='ada@example.com')", "return erase(key='[EMAIL_1]')")
        codes = [f"from servers.ledger import erase, get\ndef main(): {script}" for script in scripts]
        return [text(await client.call_tool("run", {"code": code})) for code in codes]

    answers = in_process(ledger, run, elicitation_callback=decide)
    assert answers == ['<data>\n"value of [EMAIL_1]"\n</data>', '<data>\n"erase [EMAIL_1]"\n</data>']
    assert ["[EMAIL_1]" in each and "ada@" not in each for each in asked] == [True]
    assert written() == ["erase ada@example.com"]


def test_a_mistake_is_an_answer_that_says_what_would_be_right(ledger):
    async def mistakes(client: Client) -> list[Any]:
        return [
            await client.call_tool("run", {"code": "from servers.ledger import get\nget(kee='a')"}),
            await client.call_tool("describe", {"names": ["ledger.gett"]}),
            await client.call_tool("save_skill", {"code": "print(1)", "name": "one"}),
            await client.call_tool("search", {"queries": [""]}),
            await client.call_tool("run", {"code": " "}),
        ]

    results = in_process(ledger, mistakes)
    assert all(result.is_error for result in results)
    expected = ("ledger.get(key: str)", "ledger.get", "has not run", "say what you want", "the whole script")
    for result, said in zip(results, expected, strict=True):
        assert said in text(result)


def test_a_run_ends_when_its_client_cancels_the_call(ledger):
    def newest() -> str:
        runs = json.loads(ledger("runs", "--json", "-n", "1").stdout)["runs"]
        return runs[0]["state"] if runs else ""

    async def cancel_it(client: Client) -> None:
        call = asyncio.create_task(client.call_tool("run", {"code": "while True: pass"}))
        await asyncio.to_thread(until, lambda: newest() == "running")
        call.cancel()
        await asyncio.to_thread(until, lambda: newest() == "cancelled")

    in_process(ledger, cancel_it)


def test_over_http_only_who_has_the_token_is_served(ledger):
    async def run(url: str) -> str:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            return text(await client.call_tool("run", {"code": "print(6 * 7)"}))

    with over_http(ledger) as url:
        assert httpx2.post(url, json={}).status_code == 401
        assert httpx2.post(url, json={}, headers={"Authorization": "Bearer other"}).status_code == 401
        assert "42" in asyncio.run(run(url))
        taken = ledger("serve", "--http", "--port", url.split(":")[2].partition("/")[0], code=2)
        assert "in use" in taken.stderr


def test_it_ends_when_its_client_goes(ledger):
    server = ledger.start("serve")
    server.communicate("", timeout=30)
    assert server.returncode == 0


def test_an_error_names_the_tool_to_call_next_and_no_command_that_only_a_shell_has(ledger):
    wrong = {
        "search": {"queries": [" "]},
        "describe": {"names": ["nothing.like_it"]},
        "run": {"code": "from servers.ledger import nothing_like_it"},
        "save_skill": {"code": "print(1)", "name": "one"},
    }

    async def fail(client: Client) -> list[Any]:
        failed = [await client.call_tool(name, given) for name, given in wrong.items()]
        failed.append(await client.call_tool("run", {"code": "def main(key: str) -> str: return key"}))
        failed.append(await client.call_tool("run", {"resume": "nosuch"}))
        return failed

    failed = in_process(ledger, fail)
    assert all(each.is_error for each in failed)
    said = [text(each) for each in failed]
    nexts = (
        'search with queries=["open an issue"]', "search finds tools", 'search with queries=["nothing like it"]',
        "first: run with this code, then save_skill again", "write the values into the script",
        "the id stands in the answer of the run that waited",
    )  # fmt: skip
    assert [next_ in text for next_, text in zip(nexts, said, strict=True)] == [True] * 6, said
    assert not re.search(r"codegen [a-z]", "\n".join(said))
