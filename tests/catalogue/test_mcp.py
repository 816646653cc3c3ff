"""Sessions with real servers, well-behaved and otherwise, over stdio."""

from __future__ import annotations

import asyncio
import io
import json
import os
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.catalogue.mcp import open_session
from codegen.catalogue.source import MISSING, CallResult
from codegen.config.mcp_json import StdioServer
from codegen.errors import ServerError, ToolFailedError, UnsetVariableError

pytestmark = pytest.mark.anyio

Scripted = Callable[..., StdioServer]


def said(result: CallResult) -> object:
    text = result.content[0]["text"]
    assert isinstance(text, str)
    return json.loads(text)


async def test_a_server_of_the_newest_protocol_is_introduced_listed_and_called(scripted: Scripted) -> None:
    async with open_session(scripted("modern"), {}) as session:
        tools, problems = await session.list_tools()
        era = await session.call_tool("era", {})
        added = await session.call_tool("add", {"a": 2, "b": 3})
    assert (session.info.name, session.info.title, session.info.instructions) == (
        "modern",
        "modern",
        "Speaks 2026-07-28.",
    )
    assert [tool.name for tool in tools] == ["echo", "era", "add"]
    assert problems == ()
    assert era.content == ({"type": "text", "text": "2026-07-28"},)
    assert added == CallResult(({"type": "text", "text": "5"},), {"result": 5}, is_error=False)


async def test_a_server_that_knows_only_the_handshake_is_listed_and_called(scripted: Scripted) -> None:
    async with open_session(scripted("counting"), {}) as session:
        tools, _ = await session.list_tools()
        result = await session.call_tool("tool_0", {"value": 4})
    assert [tool.name for tool in tools] == ["slow", "tool_0", "tool_1", "tool_2"]
    assert result.structured == {"tool": "tool_0", "value": 4}


async def test_a_call_is_one_message_also_when_nothing_was_listed(scripted: Scripted, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    async with open_session(scripted("counting", COUNT_FILE=str(seen), TOOLS="300"), {}) as session:
        for number in range(5):
            await session.call_tool("tool_1", {"value": number})
    start = ["server/discover", "initialize", "notifications/initialized"]
    assert seen.read_text().split() == start + ["tools/call"] * 5


async def test_calls_from_several_tasks_overlap_and_get_their_own_answers(scripted: Scripted) -> None:
    async with open_session(scripted("counting", DELAY_MS="50"), {}) as session:
        calls = [session.call_tool("slow" if n % 2 else "tool_0", {"value": n}) for n in range(20)]
        results = await asyncio.gather(*calls)
    assert [result.content[0]["text"] for result in results] == [str(n) for n in range(20)]


async def test_null_arguments_and_odd_names_arrive_as_they_are(scripted: Scripted) -> None:
    sent = {"a-b": None, "": [None, {"x": None}], "größe": 1.5, "big": 2**70}
    async with open_session(scripted("answers"), {}) as session:
        result = await session.call_tool("echo", sent)
    assert said(result) == {"tool": "echo", "arguments": sent}


async def test_half_a_surrogate_pair_in_an_argument_is_refused_before_it_leaves(scripted: Scripted) -> None:
    async with open_session(scripted("answers"), {}) as session:
        with pytest.raises(ToolFailedError, match=r"arguments of echo hold half a surrogate pair"):
            await session.call_tool("echo", {"a": "\ud83d"})
        assert session.alive


async def test_all_pages_are_listed(scripted: Scripted) -> None:
    async with open_session(scripted("paged"), {}) as session:
        tools, problems = await session.list_tools()
    assert [tool.name for tool in tools] == [f"page_{page}_{half}" for page in range(7) for half in ("a", "b")]
    assert problems == ()


async def test_pages_that_go_in_circles_are_listed_once_and_reported(scripted: Scripted) -> None:
    async with open_session(scripted("paged", LOOP="1", PAGES="3"), {}) as session:
        tools, problems = await session.list_tools()
    assert len(tools) == 6
    assert [p.what for p in problems if "cursor" in p.what] == ["tools/list gives the cursor 'page-1' again"]


async def test_a_broken_definition_costs_its_tool_and_nothing_else(scripted: Scripted) -> None:
    async with open_session(scripted("broken_tool"), {}) as session:
        tools, problems = await session.list_tools()
    assert [tool.name for tool in tools] == ["first", "no_schema", "null_schema", "typeless", "odd", "last"]
    assert len(problems) == 8
    assert "tool 'text_schema': its inputSchema is no object" in [problem.what for problem in problems]


async def test_a_definition_is_kept_untouched_with_keys_that_nobody_knows(scripted: Scripted) -> None:
    async with open_session(scripted("broken_tool"), {}) as session:
        tools, _ = await session.list_tools()
    by_name = {tool.name: tool.wire for tool in tools}
    odd = {"name": "typeless", "inputSchema": {}, "x-unknown": {"kept": [1, None]}, "icons": "wrong"}
    assert by_name["typeless"] == odd
    assert list(by_name["typeless"]) == list(odd)


async def test_tools_that_come_right_after_the_handshake_are_listed_too(scripted: Scripted) -> None:
    async with open_session(scripted("changing"), {}) as session:
        tools, _ = await session.list_tools()
    assert [tool.name for tool in tools] == ["grow", "late"]


async def test_a_change_of_the_tools_is_told_of(scripted: Scripted) -> None:
    told = asyncio.Event()
    async with open_session(scripted("changing"), {}, on_tools_changed=told.set) as session:
        await session.list_tools()
        told.clear()
        await session.call_tool("grow", {})
        await asyncio.wait_for(told.wait(), 5)
        tools, _ = await session.list_tools()
    assert len(tools) == 3


async def test_text_on_stdout_costs_nothing(scripted: Scripted) -> None:
    async with open_session(scripted("chatty"), {}) as session:
        tools, _ = await session.list_tools()
        results = await asyncio.gather(*(session.call_tool("say", {"n": n}) for n in range(5)))
    assert [tool.name for tool in tools] == ["say"]
    assert [said(result) for result in results] == [{"tool": "say", "arguments": {"n": n}} for n in range(5)]


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ("list_result", "no JSON-RPC result"),
        ("no_result", "no JSON-RPC result"),
        ("text_error", "it broke"),
        ("odd_code", "odd code"),
        ("refuses", "no such thing: 5"),
    ],
)
async def test_an_answer_that_is_no_result_fails_its_call_alone(scripted: Scripted, tool: str, words: str) -> None:
    async with open_session(scripted("answers"), {}) as session:
        with pytest.raises(ToolFailedError, match=words):
            await session.call_tool(tool, {})
        assert session.alive
        assert said(await session.call_tool("echo", {})) == {"tool": "echo", "arguments": {}}


async def test_results_are_passed_on_without_a_check_against_any_schema(scripted: Scripted) -> None:
    async with open_session(scripted("answers"), {}) as session:
        shape = await session.call_tool("wrong_shape", {})
        block = await session.call_tool("unknown_block", {})
        nothing = await session.call_tool("nothing", {})
        null = await session.call_tool("null_structured", {})
        listed = await session.call_tool("list_structured", {})
        half = await session.call_tool("surrogate", {})
        big = await session.call_tool("big", {})
        failed = await session.call_tool("says_error", {})
    assert shape.structured == {"n": "five", "more": True}
    assert block.content == ({"type": "hologram", "data": [1]}, {"no": "type"})
    assert nothing == CallResult((), MISSING, is_error=False)
    assert null.structured is MISSING
    assert listed.structured == [1, "two", None]
    assert half.content[0]["text"] == "half \ud83d"
    assert big.content[0]["text"] == "x" * 3_000_000
    assert failed == CallResult(({"type": "text", "text": "file not found"},), MISSING, is_error=True)


async def test_a_server_that_asks_back_is_answered_politely_and_asked_again(scripted: Scripted) -> None:
    async with open_session(scripted("asking"), {}) as session:
        asked = said(await session.call_tool("ask", {}))
        roots = said(await session.call_tool("roots", {}))
        again = said(await session.call_tool("again", {}))
    assert asked == {"tool": "ask", "arguments": {"state": "state of ask", "said": {"q": {"action": "decline"}}}}
    assert isinstance(roots, dict)
    assert roots["arguments"]["said"] == {"q": {"roots": []}}
    assert again == {"tool": "again", "arguments": {"state": "state of again", "said": None}}


async def test_what_can_not_be_answered_fails_the_call_in_words(scripted: Scripted) -> None:
    async with open_session(scripted("asking"), {}) as session:
        with pytest.raises(ToolFailedError, match="sampling is not offered"):
            await session.call_tool("sample", {})
        with pytest.raises(ToolFailedError, match="answered with 'task'"):
            await session.call_tool("task", {})
        with pytest.raises(ToolFailedError, match="input_required"):
            await session.call_tool("never", {})
        assert session.alive


async def test_null_is_a_value_in_the_protocol_that_says_so(scripted: Scripted) -> None:
    async with open_session(scripted("asking"), {}) as session:
        assert (await session.call_tool("null", {})).structured is None


async def test_a_server_that_dies_during_a_call_fails_it_with_its_last_words(scripted: Scripted) -> None:
    log = io.StringIO()
    async with open_session(scripted("dying"), {}, stderr=log) as session:
        waiting = asyncio.create_task(session.call_tool("wait", {}))
        await session.call_tool("stay", {})
        with pytest.raises(ToolFailedError) as caught:
            await session.call_tool("die", {})
        with pytest.raises(ToolFailedError, match="died during the call to wait"):
            await waiting
        assert not session.alive
        with pytest.raises(ToolFailedError, match="died"):
            await session.call_tool("stay", {})
    assert "server 'dying' died during the call to die: it ended with exit code 7" in str(caught.value)
    assert "out of memory, they say" in str(caught.value)
    assert "stdout" not in str(caught.value)
    assert log.getvalue() == "out of memory, they say\n"


async def test_a_call_can_be_cancelled_and_the_session_goes_on(scripted: Scripted) -> None:
    async with open_session(scripted("dying"), {}) as session:
        call = asyncio.create_task(session.call_tool("wait", {}))
        await session.call_tool("stay", {})
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert said(await session.call_tool("stay", {"a": 1})) == {"tool": "stay", "arguments": {"a": 1}}


def shell(script: str, **env: str) -> StdioServer:
    return StdioServer("shell", "sh", ("-c", script), env, Path("/"))


async def test_a_server_that_ends_at_once_is_an_error_with_exit_code_and_last_lines() -> None:
    config = shell("echo first >&2; echo no such option >&2; exit 3")
    with pytest.raises(ServerError) as caught:
        async with open_session(config, {}):
            pass
    assert "it ended with exit code 3" in caught.value.what
    assert "no such option" in caught.value.what
    assert "started as: sh -c" in caught.value.hint


async def test_a_server_that_was_killed_says_by_which_signal() -> None:
    with pytest.raises(ServerError, match="ended by SIGKILL"):
        async with open_session(shell("kill -KILL $$"), {}):
            pass


async def test_a_secret_is_hidden_in_what_a_server_says_last() -> None:
    with pytest.raises(ServerError) as caught:
        async with open_session(shell("echo bad token $T >&2; exit 1", T="${TOKEN}"), {"TOKEN": "sesame-1234"}):
            pass
    assert "bad token ***" in str(caught.value)
    assert "sesame" not in str(caught.value)


async def test_a_server_that_prints_no_protocol_at_all_says_what_it_printed() -> None:
    script = r"printf '\n\033[1mUsage:\033[0m serve PORT\n'; echo more"
    with pytest.raises(
        ServerError, match='code 0, it printed "Usage: serve PORT" on stdout, which is for the protocol'
    ):
        async with open_session(shell(script), {}):
            pass


async def test_what_it_printed_is_cut_and_holds_no_secret() -> None:
    config = shell('printf "%s %s %0200d" "$T" "$API_KEY" 0; echo; exec sleep 60', T="${TOKEN}", API_KEY="written-out")
    with pytest.raises(ServerError) as caught:
        async with open_session(config, {"TOKEN": "x" * 90 + '"y"'}, time_limit=0.5):
            pass
    assert f'did not answer within 0.5 s: it printed "*** *** {"0" * 91}…" on stdout' in caught.value.what


async def test_a_program_that_sends_back_what_it_is_sent_is_told_from_a_server() -> None:
    with pytest.raises(ServerError, match="could not be reached: it sends back what it is sent"):
        async with open_session(shell("cat"), {}):
            pass


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (StdioServer("x", "no-such-program-here", cwd=Path("/")), "no program 'no-such-program-here' on PATH"),
        (StdioServer("x", "./missing", cwd=Path("/tmp")), "there is no program /tmp/missing"),
        (StdioServer("x", "sh", cwd=Path("/no/such/folder")), "its folder /no/such/folder does not exist"),
        (StdioServer("x", "sh", ("a\0b",), cwd=Path("/")), "null byte"),
    ],
)
async def test_a_server_that_can_not_be_started_says_why(config: StdioServer, words: str) -> None:
    with pytest.raises(ServerError, match=words):
        async with open_session(config, {}):
            pass


async def test_an_unset_variable_is_named_with_its_server() -> None:
    config = StdioServer("x", "sh", env={"A": "${NOT_SET_ANYWHERE}"}, cwd=Path("/"))
    with pytest.raises(UnsetVariableError, match="server 'x' needs the variable NOT_SET_ANYWHERE"):
        async with open_session(config, {}):
            pass


async def test_variables_reach_arguments_environment_and_folder(tmp_path: Path) -> None:
    script = tmp_path / "ends.sh"
    script.write_text('echo "$1 $A $(pwd) ${CODEGEN_TEST_SECRET:-unset}" >&2; exit 1')
    config = StdioServer("x", "sh", (str(script), "${WORD:-fallback}"), {"A": "<${ONE}>"}, Path("${PLACE}"))
    with pytest.raises(ServerError) as caught:
        async with open_session(config, {"ONE": "1", "PLACE": str(tmp_path)}):
            pass
    assert f"fallback <1> {tmp_path} unset" in caught.value.what


async def test_the_environment_of_this_process_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEGEN_TEST_SECRET", "hush")
    with pytest.raises(ServerError) as caught:
        async with open_session(shell('echo "[$CODEGEN_TEST_SECRET] [$HOME]" >&2; exit 1'), {}):
            pass
    assert "[] [/" in caught.value.what


async def test_a_handshake_that_is_never_answered_ends_at_the_time_limit(scripted: Scripted) -> None:
    with pytest.raises(ServerError) as caught:
        async with open_session(scripted("slow", MUTE="1"), {}, time_limit=1):
            pass
    assert "server 'slow' did not answer within 1 s" in caught.value.what
    assert "waiting in server/discover" in caught.value.what


class Watched:
    """The processes a server wrote down, held so that their end can be waited for."""

    def __init__(self, pids: Path) -> None:
        self.handles = [os.pidfd_open(int(pid)) for pid in pids.read_text().split()]

    def ended(self) -> list[bool]:
        """Whether each ended, or does within five seconds: a kill that was sent takes a moment to arrive."""
        return [bool(select.select([handle], [], [], 5)[0]) for handle in self.handles]


@pytest.mark.parametrize("leave", ["", "1"])
async def test_closing_leaves_no_process_behind(scripted: Scripted, tmp_path: Path, leave: str) -> None:
    pids = tmp_path / "pids"
    async with open_session(scripted("stubborn", PIDS=str(pids), LEAVE=leave), {}) as session:
        await session.call_tool("echo", {})
        watched = Watched(pids)
        assert select.select(watched.handles, [], [], 0)[0] == []
    assert watched.ended() == [True, True]


async def test_cancelling_leaves_no_process_behind(scripted: Scripted, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    opened = asyncio.Event()

    async def keep() -> None:
        async with open_session(scripted("stubborn", PIDS=str(pids)), {}):
            opened.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(keep())
    await opened.wait()
    watched = Watched(pids)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert watched.ended() == [True, True]


async def test_cancelling_twice_leaves_no_process_behind(scripted: Scripted, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    opened = asyncio.Event()

    async def keep() -> None:
        async with open_session(scripted("stubborn", PIDS=str(pids)), {}):
            opened.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(keep())
    await opened.wait()
    watched = Watched(pids)
    task.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert watched.ended() == [True, True]


async def test_an_error_in_the_body_comes_out_as_it_is(scripted: Scripted) -> None:
    with pytest.raises(KeyError, match="mine"):
        async with open_session(scripted("modern"), {}):
            raise KeyError("mine")


def test_importing_the_rest_of_the_folder_does_not_import_the_sdk() -> None:
    code = "import sys, codegen.catalogue.collect, codegen.catalogue.snapshot; print('mcp' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
