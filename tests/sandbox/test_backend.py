from __future__ import annotations

import signal

import pytest

from codegen.sandbox.backend import Ending, Mounts, ending


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (-signal.SIGXCPU, "cpu"),
        (-signal.SIGKILL, "killed"),
        (-40, "memory"),
        (-41, "processes"),
        (-42, "sandbox"),
        (-signal.SIGSEGV, "signal"),
        (-63, "signal"),
    ],
)
def test_an_ending_by_signal_says_why(code, reason):
    assert ending(code).reason == reason
    assert ending(code).text


def test_an_ordinary_ending_has_an_exit_status():
    assert ending(3) == Ending("exit", 3)


def test_the_state_of_mounts_changes_when_a_path_is_replaced(tmp_path):
    mounts = Mounts((tmp_path / "a",))
    before = mounts.state()
    (tmp_path / "a").write_text("")
    assert mounts.state() != before
