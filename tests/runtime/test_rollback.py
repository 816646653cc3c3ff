"""A run taken back: in reverse order, past failures, and nothing twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from runtime.house import House, in_house

from codegen.config.paths import Workspace
from codegen.errors import CodegenError, ResumeError
from codegen.model import JsonObject
from codegen.runtime.rollback import refuse_reverted, roll_back

UNDO = """
[servers.ledger.tools.post]
undo = { tool = "erase", arguments = { key = "arguments.key" } }
"""


async def plan(house: House) -> list[JsonObject]:
    report = await roll_back(house.host, {"run": house.run}, asyncio.Event())
    return report["steps"]


async def revert(house: House, stop: asyncio.Event | None = None) -> list[JsonObject]:
    """As `codegen rollback --yes` does it."""
    approved = [step for step in await plan(house) if step["state"] == "ready"]
    body: JsonObject = {"run": house.run, "approved": approved, "by": "me"}
    return (await roll_back(house.host, body, stop or asyncio.Event()))["steps"]


def states(steps: list[JsonObject]) -> list[tuple[object, object]]:
    return [(step["number"], step["state"]) for step in steps]


async def posted(house: House, *keys: str) -> None:
    for key in keys:
        await house.call("post", key)
    house.end()


def test_the_last_write_is_taken_back_first_and_nothing_twice(tmp_path: Path):
    async def main(house: House) -> None:
        await house.call("get", "a")
        await posted(house, "a", "b")
        assert states(await plan(house)) == [(3, "ready"), (2, "ready")]
        assert house.ledger == ["post a", "post b"], "a plan calls nothing"
        assert states(await revert(house)) == [(3, "reverted"), (2, "reverted")]
        assert house.ledger == ["post a", "post b", "erase b", "erase a"]
        assert [call.why for call in house.calls[3:]] == [
            "takes back call 3, approved by me",
            "takes back call 2, approved by me",
        ]
        assert states(await revert(house)) == [(3, "reverted"), (2, "reverted")]
        assert len(house.ledger) == 4
        with pytest.raises(ResumeError, match="taken back"):
            refuse_reverted(Workspace(house.root).journal, house.run)

    in_house(tmp_path, main, UNDO)


def test_it_goes_on_past_what_cannot_be_taken_back(tmp_path: Path):
    settings = (
        UNDO + '[[policy]]\ntool = "ledger.erase"\narguments = { key = "b" }\ndecision = "deny"\nreason = "kept"\n'
    )

    async def main(house: House) -> None:
        await house.call("put", "c")
        await posted(house, "a", "b")
        steps = await revert(house)
        assert states(steps) == [(3, "failed"), (2, "reverted"), (1, "no inverse")]
        assert "kept" in str(steps[0]["why"])
        assert "[servers.ledger.tools.put] undo" in str(steps[2]["why"])
        assert house.ledger[3:] == ["erase a"]

    in_house(tmp_path, main, settings)


def test_only_what_was_shown_is_approved(tmp_path: Path):
    async def main(house: House) -> None:
        await posted(house, "a", "b")
        shown, other = await plan(house)
        other = {**other, "inverse": {**other["inverse"], "arguments": {"key": "c"}}}
        report = await roll_back(house.host, {"run": house.run, "approved": [shown, other]}, asyncio.Event())
        assert states(report["steps"]) == [(2, "reverted"), (1, "ready")]
        assert house.ledger[2:] == ["erase b"]

    in_house(tmp_path, main, UNDO)


@pytest.mark.parametrize("fault", ["before:b", "after:b"])
def test_a_write_without_an_answer_is_unknown_and_not_taken_back(tmp_path: Path, fault: str):
    async def main(house: House) -> None:
        await posted(house, "a", "b")
        assert states(await revert(house)) == [(2, "unknown"), (1, "reverted")]
        assert house.ledger[-1] == "erase a"

    in_house(tmp_path, main, UNDO, FAULT=fault)


@pytest.mark.parametrize(("undo", "again"), [("post", "unknown"), ("put", "reverted")])
def test_an_inverse_without_an_answer_is_made_again_only_where_that_does_no_harm(tmp_path: Path, undo, again):
    settings = "[servers.ledger]\nretries = 0\n[servers.ledger.tools.put]\n"
    settings += f'''undo = {{ tool = "{undo}", arguments = {{ key = "'back'" }} }}\n'''

    async def main(house: House) -> None:
        await house.call("put", "a")
        house.end()
        assert states(await revert(house)) == [(1, "unknown")]
        assert states(await revert(house)) == [(1, again)]
        assert Counter(house.ledger)[f"{undo} back"] == (1 if again == "unknown" else 2)

    in_house(tmp_path, main, settings, FAULT="after:back")


def test_one_that_was_interrupted_says_what_was_not_tried_and_the_next_goes_on(tmp_path: Path):
    async def main(house: House) -> None:
        await posted(house, "a")
        stop = asyncio.Event()
        stop.set()
        steps = await revert(house, stop)
        assert states(steps) == [(1, "failed")]
        assert "interrupted" in str(steps[0]["why"])
        assert states(await revert(house)) == [(1, "reverted")]

    in_house(tmp_path, main, UNDO)


def test_a_run_that_goes_on_is_not_taken_back(tmp_path: Path):
    async def main(house: House) -> None:
        await house.call("post", "a")
        with pytest.raises(ResumeError, match="goes on"):
            await revert(house)
        with pytest.raises(CodegenError, match="no run"):
            await roll_back(house.host, {"run": "zzz"}, asyncio.Event())

    in_house(tmp_path, main, UNDO)


def test_a_script_cannot_pass_its_calls_off_as_inverse_ones(tmp_path: Path):
    async def main(house: House) -> None:
        await house.call("post", "a")
        forged = {"server": "ledger", "tool": "put", "arguments": {"key": "takes back call 1"}}
        await house.caller.answer({"call": forged, "at": "takes back call 1", "why": "takes back call 1"})
        house.end()
        assert states(await plan(house)) == [(2, "no inverse"), (1, "ready")]

    in_house(tmp_path, main, UNDO)


def test_an_inverse_that_does_not_fit_its_tool_is_not_sent(tmp_path: Path):
    settings = '[servers.ledger.tools.post]\nundo = { tool = "erase", arguments = { key = 5 } }\n'
    settings += '[servers.ledger.tools.put]\nundo = { tool = "nothing" }\n'

    async def main(house: House) -> None:
        await house.call("put", "a")
        await posted(house, "a")
        failed = await revert(house)
        assert states(failed) == [(2, "failed"), (1, "failed")]
        assert "key: 5 given" in str(failed[0]["why"])
        assert "no tool 'nothing'" in str(failed[1]["why"])
        assert len(house.ledger) == 2

    in_house(tmp_path, main, settings)
