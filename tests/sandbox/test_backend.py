from __future__ import annotations

import pytest

from codegen.sandbox.backend import ExecResult, Mounts
from codegen.sandbox.verdict import read_verdict


@pytest.mark.parametrize(
    ("words", "reason", "limit"),
    [
        ("signal 24", "limit", "cpu"),
        ("signal 9", "killed", None),
        ("killed", "killed", None),
        ("", "killed", None),
        ("exit x", "killed", None),
        ("limit memory", "limit", "memory"),
        ("limit disk", "limit", "disk"),
        ("limit nonsense", "killed", None),
        ("broken why", "sandbox", None),
        ("signal 11", "signal", None),
        ("signal 63", "signal", None),
    ],
)
def test_a_verdict_says_what_ended_the_run(words, reason, limit):
    found = read_verdict(words)
    assert (found.reason, found.limit, found.code) == (reason, limit, None)
    assert found.text


def test_an_ordinary_end_has_an_exit_status():
    assert read_verdict("exit 3") == ExecResult("exit", 3)


def test_the_state_of_mounts_changes_when_a_path_is_replaced(tmp_path):
    mounts = Mounts((tmp_path / "a",))
    before = mounts.state()
    (tmp_path / "a").write_text("")
    assert mounts.state() != before
