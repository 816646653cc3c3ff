from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from codegen.config.policy import Rule
from codegen.config.settings import Settings
from codegen.errors import RejectedError
from codegen.journal.record import CallRecord, Sent
from codegen.model import Tool
from codegen.policy.policy import open_policy
from codegen.runtime.judge import judge

CALL = Sent(1, "shop", "t", {"id": 3})
EARLIER = CallRecord(1, "shop", "t", {"id": 3}, "", "", "sent", "", None, 0.0, None)
HINTS = {
    "reads": {"readOnlyHint": True},
    "writes": {"readOnlyHint": False, "destructiveHint": False},
    "repeatable": {"readOnlyHint": False, "destructiveHint": False, "idempotentHint": True},
    "destroys": {"destructiveHint": True},
}


def judged(
    kind: str, state: str = "", mode: str = "normal", *, granted: bool = False, rules: tuple[Rule, ...] = ()
) -> str:
    tool = Tool("shop", "t", {"name": "t", "annotations": HINTS[kind]})
    policy = open_policy(replace(Settings(), policy=rules)).of(tool)
    earlier = replace(EARLIER, state=state, why="approved by ada") if state else None
    return judge(SimpleNamespace(policy=policy, path="shop.t"), CALL, earlier, mode, granted=granted).action  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "action"), [("reads", "send"), ("writes", "send"), ("destroys", "ask")])
def test_without_rules_what_destroys_is_asked_about(kind, action):
    assert judged(kind) == action


def test_an_approval_of_this_call_or_of_all_like_it_sends_it():
    assert judged("destroys", "approved") == "send"
    assert judged("destroys", granted=True) == "send"


@pytest.mark.parametrize("state", ["sent", "unknown"])
def test_a_call_of_unknown_outcome_is_only_repeated_where_that_does_no_harm(state):
    assert judged("reads", state) == "send"
    assert judged("repeatable", state) == "send"
    assert judged("writes", state) == "ask"
    assert judged("destroys", state, granted=True) == "ask"


def test_a_mode_holds_back_what_writes_and_nothing_else():
    assert judged("reads", mode="dry-run") == judged("reads", mode="read-only") == "send"
    assert judged("writes", mode="dry-run") == "plan"
    with pytest.raises(RejectedError, match="read-only"):
        judged("writes", mode="read-only")


def test_a_rule_that_denies_stands_above_an_approval_that_was_given():
    with pytest.raises(RejectedError):
        judged("destroys", "approved", rules=(Rule(number=1, decision="deny"),))
