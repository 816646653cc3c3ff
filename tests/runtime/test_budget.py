"""What a run may take, as a whole and of one tool."""

from __future__ import annotations

import asyncio
import json

import pytest
from runtime.house import House, in_house


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[limits]\ncalls = 3", "the limit of 3 calls for a run is reached (nothing was sent)\n  it can be changed in "
         "codegen.toml: [limits] calls = 3"),
        ("[limits]\nwrites = 2", "[limits] writes = 2"),
        ("[limits]\nbytes = 50", "[limits] bytes = 50"),
        ("[limits]\nseconds = 0.000001", "[limits] seconds = 1e-06"),
        ("[servers.ledger.tools.post]\nlimits = { calls = 2 }", "the limit of 2 calls for ledger.post in a run is "
         "reached (nothing was sent)\n  it can be changed in codegen.toml: [servers.ledger.tools.post]"
         " limits.calls = 2"),
        ("[servers.ledger.tools.post.limits]\nbytes = 40", "limits.bytes = 40"),
    ],
)  # fmt: skip
def test_a_call_beyond_a_limit_is_refused_and_says_which_and_where_to_change_it(tmp_path, settings, said):
    async def main(house: House) -> None:
        await house.call("get")
        replies = [await house.call("post", f"k{number}") for number in range(4)]
        refused = [reply for reply in replies if "error" in reply]
        assert said in str(refused[0]["error"])
        assert len(house.ledger) == 4 - len(refused)
        assert [call.state for call in house.calls].count("refused") == len(refused)

    in_house(tmp_path, main, settings)


def test_reads_are_no_writes_and_another_tool_has_limits_of_its_own(tmp_path):
    async def main(house: House) -> None:
        for number in range(3):
            assert "value" in await house.call("get", f"k{number}")
        assert "value" in await house.call("post")
        assert "error" in await house.call("put")
        assert "error" in await house.call("get"), "its own limit of 3 calls"

    in_house(tmp_path, main, "[limits]\nwrites = 1\n[servers.ledger.tools.get]\nlimits = { calls = 3 }")


def test_a_run_that_is_resumed_goes_on_counting_and_counts_nothing_twice(tmp_path):
    async def main(house: House) -> None:
        await house.call("get")
        await house.call("post")
        house.caller = house.attempt(*house.calls)
        assert "value" in await house.call("get")
        assert "value" in await house.call("post")
        assert "value" in await house.call("post", "new")
        assert "writes = 2" in str((await house.call("put"))["error"])
        assert house.ledger == ["post k", "post new"]

    in_house(tmp_path, main, "[limits]\nwrites = 2\ncalls = 4")


@pytest.mark.parametrize(
    "settings", ["[limits]\nparallel = 2", "[servers.ledger.tools.get]\nlimits = { parallel = 2 }"]
)
def test_calls_beyond_parallel_wait_for_their_turn(tmp_path, settings):
    async def main(house: House) -> None:
        await house.call("get", "first")
        replies = await asyncio.gather(*(house.call("get", f"k{number}") for number in range(6)))
        assert all("value" in reply for reply in replies)
        ends = [(call.started, call.started + (call.seconds or 0)) for call in house.calls if call.number > 1]
        for start, _ in ends:
            assert sum(begun <= start < over for begun, over in ends) <= 2

    in_house(tmp_path, main, settings)


def test_both_kinds_of_turns_together_come_to_an_end(tmp_path):
    async def main(house: House) -> None:
        work = [house.call(tool, f"k{number}") for number in range(5) for tool in ("get", "put")]
        assert all("value" in reply for reply in await asyncio.gather(*work))

    in_house(tmp_path, main, "[limits]\nparallel = 2\n[servers.ledger.tools.get]\nlimits = { parallel = 1 }")


def test_a_rate_is_of_its_server_and_calls_are_recorded_as_sent_once_it_is_their_turn(tmp_path):
    async def main(house: House) -> None:
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            assert [call.state for call in house.calls] == ["answered"] * 2

        pace = house.host.paces["ledger"]
        pace._sleep = sleep
        for number in range(3):
            await house.call("get", f"k{number}")
        assert len(slept) == 1
        assert 3500 < slept[0] <= 3600
        assert list(house.host.paces) == ["ledger"]

    in_house(tmp_path, main, '[servers.ledger]\nrate = "2/h"')


def test_the_answer_that_was_too_much_is_given(tmp_path):
    async def main(house: House) -> None:
        long = "x" * 100
        assert len(json.dumps(await house.call("get", long))) > 100
        assert "bytes = 150" in str((await house.call("get", "short"))["error"])

    in_house(tmp_path, main, "[limits]\nbytes = 150")
