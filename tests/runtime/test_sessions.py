from __future__ import annotations

import asyncio
import json
import os
import select
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from conftest import SERVERS

from codegen.config.mcp_json import StdioServer
from codegen.errors import ToolFailedError
from codegen.runtime.sessions import Sessions


def is_over(pid: int) -> bool:
    """Whether a process has ended, or is about to: what was killed may still be on its way."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 10)[0])
    finally:
        os.close(descriptor)


def scripted(name: str, **env: str) -> StdioServer:
    return StdioServer(name, sys.executable, (str(SERVERS / f"{name}.py"),), env, SERVERS)


@pytest.fixture
def opened(tmp_path):
    @asynccontextmanager
    async def make(*configs: StdioServer):
        sessions = Sessions(configs, dict(os.environ), tmp_path / "servers.log")
        try:
            yield sessions
        finally:
            await sessions.close()

    return make


@pytest.fixture
def counting(tmp_path) -> StdioServer:
    return scripted("counting", COUNT_FILE=str(tmp_path / "messages"), TOOLS="50")


def messages(tmp_path: Path) -> list[str]:
    return (tmp_path / "messages").read_text().split()


async def value(sessions: Sessions, number: int = 1) -> object:
    return (await sessions.call("counting", "tool_1", {"value": number})).structured


def test_nothing_is_started_before_the_first_call(opened, counting, tmp_path):
    async def main():
        async with opened(counting) as sessions:
            assert sessions.opened == ()

    asyncio.run(main())
    assert not (tmp_path / "messages").exists()


def test_a_server_is_opened_once_and_then_gets_one_message_for_each_call(opened, counting, tmp_path):
    async def main():
        async with opened(counting) as sessions:
            answers = await asyncio.gather(*(value(sessions, number) for number in range(10)))
            assert [each["value"] for each in answers] == list(range(10))
            before = messages(tmp_path)
            assert before.count("initialize") == 1
            assert before.count("tools/call") == 10
            await value(sessions)
            assert messages(tmp_path)[len(before) :] == ["tools/call"]
            assert sessions.opened == ("counting",)

    asyncio.run(main())
    assert "tools/list" not in messages(tmp_path)


def test_a_server_that_dies_fails_the_calls_under_way_and_is_started_again_by_the_next(opened):
    async def main():
        async with opened(scripted("dying")) as sessions:
            waiting = asyncio.create_task(sessions.call("dying", "wait", {}))
            assert (await sessions.call("dying", "stay", {"a": 1})).content
            with pytest.raises(ToolFailedError, match="out of memory, they say"):
                await sessions.call("dying", "die", {})
            with pytest.raises(ToolFailedError, match="died during the call to wait"):
                await waiting
            answer = await sessions.call("dying", "stay", {"a": 2})
            assert json.loads(answer.content[0]["text"])["arguments"] == {"a": 2}

    asyncio.run(main())


def test_a_call_that_is_given_up_leaves_the_session_usable(opened):
    async def main():
        async with opened(scripted("dying")) as sessions:
            await sessions.call("dying", "stay", {})
            waiting = asyncio.create_task(sessions.call("dying", "wait", {}))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait([waiting])
            assert (await sessions.call("dying", "stay", {})).content
            assert sessions.opened == ("dying",)

    asyncio.run(main())


def test_a_call_given_up_while_its_server_starts_does_not_spoil_the_next(opened, counting, tmp_path):
    async def main():
        async with opened(counting) as sessions:
            first = asyncio.create_task(value(sessions))
            second = asyncio.create_task(value(sessions, 2))
            await asyncio.sleep(0)
            first.cancel()
            assert (await second)["value"] == 2

    asyncio.run(main())


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("countin", "did you mean counting"),
        ("zzz", "codegen add"),
        ("absent", "no-such-command"),
        ("quits", "no licence"),
        ("locked", "NOT_SET_ANYWHERE"),
    ],
)
def test_a_server_that_cannot_be_opened_says_why_and_costs_only_its_calls(opened, counting, server, said):
    absent = StdioServer("absent", "no-such-command", (), {}, SERVERS)
    quits = StdioServer("quits", sys.executable, ("-c", "import sys; sys.exit('no licence')"), {}, SERVERS)
    locked = StdioServer("locked", sys.executable, (), {"TOKEN": "${NOT_SET_ANYWHERE}"}, SERVERS)

    async def main():
        async with opened(counting, absent, quits, locked) as sessions:
            for _ in range(2):
                with pytest.raises(ToolFailedError) as caught:
                    await sessions.call(server, "x", {})
                assert said in str(caught.value)

    asyncio.run(main())


def test_closing_ends_every_server_process(opened, tmp_path):
    pids = tmp_path / "pids"

    async def main():
        async with opened(scripted("stubborn", PIDS=str(pids))) as sessions:
            await sessions.call("stubborn", "echo", {})

    asyncio.run(main())
    for pid in map(int, pids.read_text().split()):
        assert is_over(pid)


def test_what_a_server_prints_goes_into_the_log(opened, tmp_path):
    async def main():
        async with opened(scripted("dying")) as sessions:
            with pytest.raises(ToolFailedError):
                await sessions.call("dying", "die", {})

    asyncio.run(main())
    assert "out of memory" in (tmp_path / "servers.log").read_text()
