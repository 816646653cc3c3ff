from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from runtime.house import House, in_house

from codegen.errors import DivergedError
from codegen.journal.record import CallRecord, Sent
from codegen.runtime.replay import Replay


def record(number: int, identity: str, state: str = "answered", tool: str = "t") -> CallRecord:
    return CallRecord(number, "s", tool, {"n": identity}, "a.py:1", identity, state, "", number, 0.0, 0.1)  # type: ignore[arg-type]


def test_equal_calls_get_what_is_recorded_in_the_order_they_were_made():
    async def take() -> list[int | None]:
        replay = Replay([record(1, "a"), record(2, "b"), record(3, "a")])
        return [call.number if (call := replay.take(identity)) else None for identity in ("a", "a", "b", "a")]

    assert asyncio.run(take()) == [1, 3, 2, None]


def test_a_call_that_is_new_goes_at_once_when_all_that_was_made_was_made_again():
    async def new() -> None:
        replay = Replay([record(1, "a")], quiet=3600)
        replay.take("a")
        await replay.allow_new(Sent(0, "s", "t", {}))

    asyncio.run(new())


def test_a_new_call_waits_for_those_that_other_threads_still_make():
    async def new() -> list[str]:
        replay = Replay([record(1, "a"), record(2, "b")], quiet=3600)
        happened = []

        async def late() -> None:
            await replay.allow_new(Sent(0, "s", "t", {}))
            happened.append("new")

        waiting = asyncio.create_task(late())
        for identity in ("b", "a"):
            await asyncio.sleep(0)
            replay.take(identity)
            happened.append(identity)
        await waiting
        return happened

    assert asyncio.run(new()) == ["b", "a", "new"]


def test_a_new_call_in_the_place_of_a_recorded_one_is_a_divergence_that_names_both():
    async def new() -> None:
        replay = Replay([record(1, "a"), record(2, "b", tool="pay")], quiet=0.01)
        replay.take("a")
        await replay.allow_new(Sent(0, "s", "refund", {"n": 5}, "a.py:7"))

    with pytest.raises(DivergedError) as raised:
        asyncio.run(new())
    assert "s.refund(n=5) at a.py:7" in str(raised.value)
    assert 'call 2, answered: s.pay(n="b")' in str(raised.value)


def test_a_call_that_never_left_need_not_be_made_again():
    async def new() -> None:
        replay = Replay([record(1, "a", "refused"), record(2, "b", "planned")], quiet=0.01)
        await replay.allow_new(Sent(0, "s", "t", {}))
        assert replay.left == ()

    asyncio.run(new())


def test_a_read_whose_answer_was_redacted_is_made_again_and_a_write_stops_the_run(tmp_path: Path):
    async def main(house: House) -> None:
        asked = [await house.call(tool, "sesame-open") for tool in ("get", "post")]
        assert [call.redacted for call in house.calls] == [True, True]
        house.caller = house.attempt(*house.calls)
        again = [await house.call(tool, "sesame-open") for tool in ("get", "post")]
        assert again[0] == asked[0] == {"value": "value of sesame-open"}
        assert "the answer of call 2 can't be given again" in str(again[1]["error"])
        assert house.caller.stopped.done()
        assert (len(house.calls), house.ledger) == (2, ["post sesame-open"])
        assert house.host.journal.verified(house.run) == ""

    in_house(tmp_path, main, TOKEN="sesame-open")
