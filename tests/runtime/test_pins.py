"""A tool is called while it is what was synced."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from conftest import SERVERS

from codegen.config.mcp_json import StdioServer
from codegen.errors import ChangedError
from codegen.generate.difference import MOST_LINES, difference
from codegen.model import Tool
from codegen.runtime.sessions import Sessions

SAY = {"name": "say", "description": "Say it. Once.", "inputSchema": {"type": "object"}}
ANNOUNCE = {"name": "announce", "inputSchema": {"type": "object"}}


def tool(wire: dict[str, Any]) -> Tool:
    return Tool("pinned", wire["name"], wire)


@pytest.fixture
def pinned(tmp_path: Path) -> Callable[..., None]:
    """Runs a test with the sessions, a way to change what the server lists, and the messages that it got since."""
    listed, log = tmp_path / "tools.json", tmp_path / "messages"

    def change(*tools: dict[str, Any]) -> None:
        listed.write_text(json.dumps(tools))

    def messages() -> list[str]:
        lines = log.read_text().split()
        log.write_text("")
        return [line for line in lines if line.startswith("tools/")]

    def run(test: Callable[..., Coroutine[Any, Any, None]], **env: str) -> None:
        env |= {"TOOLS_FILE": str(listed), "COUNT_FILE": str(log)}
        server = StdioServer("pinned", sys.executable, (str(SERVERS / "pinned.py"),), env, SERVERS)

        async def main() -> None:
            sessions = Sessions((server,), dict(os.environ), tmp_path / "servers.log")
            try:
                await test(sessions, change, messages)
            finally:
                await sessions.close()

        change(SAY, ANNOUNCE)
        asyncio.run(main())

    return run


async def say(sessions: Sessions, synced: dict[str, Any] = SAY) -> None:
    await sessions.call("pinned", synced["name"], {}, tool(synced))


def test_the_server_lists_once_a_session_and_each_call_is_one_message(pinned):
    async def main(sessions, change, messages):
        await asyncio.gather(*(say(sessions) for _ in range(5)))
        await say(sessions, ANNOUNCE | {"title": "which counts for nothing"})
        assert sorted(messages()) == ["tools/call"] * 6 + ["tools/list"]

    pinned(main)


def test_a_changed_tool_is_not_called_and_the_error_shows_the_difference(pinned):
    async def main(sessions, change, messages):
        change(SAY | {"description": "Say it. Twice."}, ANNOUNCE)
        with pytest.raises(ChangedError) as caught:
            await say(sessions)
        assert '- "description": "Say it. Once."' in str(caught.value)
        assert '+ "description": "Say it. Twice."' in str(caught.value)
        assert "codegen sync" in caught.value.hint
        await say(sessions, ANNOUNCE)
        change(SAY, ANNOUNCE)
        await say(sessions)  # it is asked again before a call is refused
        assert messages().count("tools/call") == 2

    pinned(main)


def test_after_a_sync_the_tool_is_called_in_the_same_session(pinned):
    async def main(sessions, change, messages):
        await say(sessions)
        now = SAY | {"description": "Said anew."}
        change(now, ANNOUNCE)
        await say(sessions, now)

    pinned(main)


def test_a_tool_that_is_no_longer_listed_is_refused(pinned):
    async def main(sessions, change, messages):
        change(ANNOUNCE)
        with pytest.raises(ChangedError, match=r"pinned\.say was not called: its server no longer lists it"):
            await say(sessions)

    pinned(main)


def test_a_server_that_says_that_its_list_changed_is_asked_again_before_the_next_call(pinned):
    async def main(sessions, change, messages):
        await say(sessions)
        change(SAY | {"inputSchema": {"type": "object", "required": ["more"]}}, ANNOUNCE)
        await say(sessions, ANNOUNCE)
        with pytest.raises(ChangedError, match="required"):
            await say(sessions)

    pinned(main)


@pytest.mark.parametrize("empty", [True, False])
def test_a_server_that_cannot_list_is_called_all_the_same(pinned, capsys, empty):
    async def main(sessions, change, messages):
        change()
        await say(sessions)
        await say(sessions)
        assert messages() == ["tools/list", "tools/call", "tools/call"]

    pinned(main, LIST="" if empty else "fails")
    assert ("called unpinned" in capsys.readouterr().err) is not empty


def test_a_tool_that_is_followed_is_never_listed(pinned):
    async def main(sessions, change, messages):
        change()
        await sessions.call("pinned", "say", {})
        assert messages() == ["tools/call"]

    pinned(main)


def test_a_difference_is_short_and_nothing_in_it_hides():
    text = " ".join(f"Sentence {number}." for number in range(50))
    other = text.replace("Sentence 30.", "Sen\x1b[8mtence\u202e 30.\n@@ -1 +1 @@")
    before, after = (tool(SAY | {"description": each}) for each in (text, other))
    lines = difference(before, after).split("\n")
    assert [line for line in lines if line[0] == "-"] == ["- Sentence 30.", "- Sentence 31."]
    assert all(line.isprintable() for line in lines)
    assert len(lines) < 8
    long = tool(SAY | {"inputSchema": {"enum": [f"e{number}" for number in range(1000)]}})
    lines = difference(before, long).split("\n")
    assert len(lines) == MOST_LINES
    assert lines[-1].endswith("more lines")
