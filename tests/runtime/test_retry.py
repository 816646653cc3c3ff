"""Calls are made again after a failed connection where that does no harm, and never after an answer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from runtime.house import House, in_house

from codegen.errors import ToolFailedError
from codegen.runtime.retry import insist


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codegen.runtime.retry.FIRST_PAUSE_S", 0.0)


@pytest.mark.parametrize(
    ("tool", "fault", "ledger"),
    [
        ("put", "before:k", ["put k"]),
        ("put", "after:k", ["put k", "put k"]),
        ("get", "before:k", []),
    ],
)
def test_what_may_be_repeated_is_and_its_record_says_so(tmp_path: Path, tool: str, fault: str, ledger: list[str]):
    async def main(house: House) -> None:
        assert "value" in await house.call(tool)
        assert house.ledger == ledger
        (call,) = house.calls
        assert call.state == "answered"
        if tool == "put":
            assert call.why.startswith("tried again after: server 'ledger' died during the call to put")

    in_house(tmp_path, main, FAULT=fault)


@pytest.mark.parametrize(("settings", "tool"), [("", "post"), ("[servers.ledger]\nretries = 0", "put")])
def test_what_may_not_be_repeated_or_shall_not_is_unknown(tmp_path: Path, settings: str, tool: str):
    async def main(house: House) -> None:
        assert "died during the call" in str((await house.call(tool))["error"])
        assert house.ledger == [f"{tool} k"]
        assert [call.state for call in house.calls] == ["unknown"]

    in_house(tmp_path, main, settings, FAULT="after:k")


def test_a_server_that_comes_up_late_is_tried_again_for_any_tool(tmp_path: Path):
    async def main(house: House) -> None:
        assert "value" in await house.call("post", server="late")
        assert house.ledger == ["post k"]
        (call,) = house.calls
        assert "tried again after: server 'late' could not be reached" in call.why

    in_house(tmp_path, main)


def test_what_is_wrong_in_mcp_json_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def main(house: House) -> None:
        tool = house.host.tools.find("absent", "put")
        with pytest.raises(ToolFailedError, match="no-such-command"):
            await insist(tool, lambda: house.host.sessions.open("absent"), pauses.append, sleep)
        with pytest.raises(ToolFailedError, match="lists no server"):
            await insist(tool, lambda: house.host.sessions.open("nowhere"), pauses.append, sleep)
        assert pauses == []

    in_house(tmp_path, main)


def test_an_answer_is_never_asked_for_again_and_pauses_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("codegen.runtime.retry.FIRST_PAUSE_S", 0.25)

    async def main(house: House) -> None:
        tool = house.host.tools.find("ledger", "put")
        assert tool.retries == 6
        made: list[BaseException] = []
        pauses: list[float] = []

        async def sleep(seconds: float) -> None:
            pauses.append(seconds)

        def failing(error: ToolFailedError):
            async def make() -> None:
                made.append(error)
                raise error

            return make

        with pytest.raises(ToolFailedError, match="isError"):
            await insist(tool, failing(ToolFailedError("isError")), print, sleep)
        assert (len(made), pauses) == (1, [])
        from codegen.errors import LostError

        with pytest.raises(LostError):
            await insist(tool, failing(LostError("gone")), lambda error: None, sleep)
        assert (len(made), pauses) == (8, [0.25, 0.5, 1.0, 2.0, 4.0, 5.0])

    in_house(tmp_path, main, "[servers.ledger]\nretries = 6")


def test_a_write_is_not_made_again_once_its_run_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("codegen.runtime.retry.FIRST_PAUSE_S", 0.05)

    async def main(house: House) -> None:
        calling = asyncio.create_task(house.call("put"))
        while not (tmp_path / "struck").exists():
            await asyncio.sleep(0.001)
        calling.cancel()
        await asyncio.wait([calling])
        await asyncio.wait(house.host.under_way)
        assert house.ledger == []
        assert [call.state for call in house.calls] == ["unknown"]

    in_house(tmp_path, main, FAULT="before:k")
