"""Approval, rejection and resuming as a person has them: commands over a server that counts writes."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess

import pytest
from conftest import CODEGEN, Commands

ERASE = """
from servers.ledger import erase, get, post
from servers import gather
def main():
    before = get(key="a")
    post(key="first")
    return gather(*[lambda key=key: erase(key=key) for key in ("x", "y")])
"""


def envelope(done: subprocess.CompletedProcess[str]) -> dict:
    return json.loads(done.stdout)


def held(ledger: Commands, source: str = ERASE, *words: str) -> dict:
    """The envelope of a run that waits."""
    return envelope(ledger("run", "-", "--json", *words, stdin=source, code=4))


def test_a_run_whose_calls_need_an_approval_stops_with_their_arguments_and_the_commands(ledger, written):
    done = ledger.run(ERASE, code=4)
    run = envelope(ledger("pending", "--json"))["waiting"][0]["run"]
    for said in ('key = "x"', 'key = "y"', "<stdin>:7", f"codegen approve {run}", f"codegen reject {run}"):
        assert said in done.stderr
    assert written() == ["post first"]
    shown = ledger("pending").stdout
    assert 'key = "x"' in shown
    assert "destroy" in shown


def test_an_approved_run_goes_on_after_a_restart_and_does_nothing_twice(ledger, written):
    run = held(ledger)
    os.kill(ledger.broker["pid"], signal.SIGKILL)
    done = envelope(ledger("approve", run["id"], "--json"))
    assert (done["id"], done["success"], done["output"]) == (run["id"], True, ["erase x", "erase y"])
    assert sorted(written()) == ["erase x", "erase y", "post first"]
    again = envelope(ledger("resume", run["id"], "--json"))
    assert (again["output"], again["calls"]) == (done["output"], 4)
    assert len(written()) == 3
    assert "nothing waits" in ledger("pending").stdout


def test_what_is_approved_is_one_call_and_the_run_waits_for_the_rest(ledger, written):
    run = held(ledger)
    first, second = (call["number"] for call in run["waiting"])
    assert "1 more" in ledger("approve", run["id"], "--call", str(second), code=4).stderr
    assert written() == ["post first"]
    ledger("approve", run["id"], "--call", str(first))
    assert len(written()) == 3
    none = ledger("approve", run["id"], code=2).stderr
    assert "no call of run" in none
    assert "codegen pending" in none


def test_the_last_run_is_to_a_decision_the_last_that_waits(ledger, written):
    held(ledger)
    ledger("run", "-c", "print(1)")
    ledger("approve", "last", "--no-resume")
    for words, said in ((("last",), "no run waits for an approval"), (("zz",), "no run 'zz'")):
        done = ledger("approve", *words, code=2).stderr
        assert said in done
        assert "codegen pending lists what waits" in done
    assert "the last run succeeded; this is run" in ledger("resume", "last").stderr
    assert len(written()) == 3
    assert ledger("resume", "last").stdout == "1\n"  # nothing is stopped: the last one is shown


def test_a_rejected_call_raises_in_the_script_which_goes_on(ledger, written):
    source = """
from servers.ledger import erase, post
from servers import ToolRejected
def main():
    try:
        erase(key="x")
    except ToolRejected as error:
        post(key="instead")
        return error.message
"""
    run = held(ledger, source)
    done = envelope(ledger("reject", run["id"], "--reason", "not this one", "--json"))
    assert done["output"].endswith(": not this one")
    assert written() == ["post instead"]


def test_all_like_it_covers_later_calls_of_that_tool_in_that_run_alone(ledger, written):
    source = """
from servers.ledger import erase
def main(): return [erase(key=key) for key in "abc"]
"""
    run = held(ledger, source)
    assert envelope(ledger("approve", run["id"], "--all-like", "--json"))["success"]
    assert written() == ["erase a", "erase b", "erase c"]
    assert len(held(ledger, source)["waiting"]) == 1


def test_a_run_that_nobody_approved_in_time_says_so(ledger, written):
    (ledger.root / "codegen.toml").write_text("[approval]\nexpires = 0.001\n")
    run = held(ledger)
    assert "expired" in ledger("pending").stdout
    for words in (("approve", run["id"]), ("resume", run["id"])):
        assert "no approval came in time" in ledger(*words, code=2).stderr
    assert written() == ["post first"]


CHANGING = """
import random
from servers.ledger import erase, post
from servers import step
def main():
    post(key="first")
    erase(key=str(PICK))
"""


def test_a_resumed_script_that_makes_another_call_is_stopped_before_it(ledger, written):
    run = held(ledger, CHANGING.replace("PICK", "random.random()"))
    assert "made another call than before" in ledger("approve", run["id"], code=1).stderr
    assert written() == ["post first"]
    assert envelope(ledger("runs", "show", run["id"], "--json"))["run"]["state"] == "diverged"


def test_a_step_is_made_once(ledger, written):
    run = held(ledger, CHANGING.replace("PICK", "step('pick', random.random)"))
    ledger("approve", run["id"])
    assert len(written()) == 2


def test_a_read_only_run_writes_nothing(ledger, written):
    done = ledger.run("from servers.ledger import get, post\nprint(get(key='a'))\npost(key='b')", "--read-only", code=1)
    assert done.stdout == "value of a\n"
    assert "ToolRejected" in done.stderr
    assert "read-only" in done.stderr
    assert written() == []


def test_a_dry_run_reads_and_lists_what_it_would_write(ledger, written):
    done = envelope(ledger("run", "-", "--dry-run", "--json", stdin=ERASE))
    assert (done["state"], done["success"]) == ("planned", True)
    assert [(call["tool"], call["arguments"]) for call in done["planned"]] == [
        ("post", {"key": "first"}),
        ("erase", {"key": "x"}),
        ("erase", {"key": "y"}),
    ]
    assert written() == []


def test_a_run_over_its_time_is_resumed_where_it_stopped(ledger, written):
    source = """
import pathlib, time
from servers.ledger import post
def main():
    post(key="a")
    if not pathlib.Path("data/slow").exists():
        pathlib.Path("data/slow").touch()
        time.sleep(600)
    return post(key="b")
"""
    run = envelope(ledger("run", "-", "--json", "--time-limit", "0.5", stdin=source, code=124))
    assert "of 0.001 s was reached" in ledger("resume", run["id"], "--time-limit", "0.001", code=124).stderr
    assert envelope(ledger("resume", run["id"], "--time-limit", "60", "--json"))["output"] == "post b"
    assert written() == ["post a", "post b"]


class Terminal:
    """A command in a terminal of its own."""

    def __init__(self, commands: Commands, *words: str) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [str(CODEGEN), *words], cwd=commands.root, env=commands.environment,
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.seen = ""

    def until(self, text: str) -> str:
        """What it has shown, up to a text."""
        while text not in self.seen:
            assert select.select([self.master], [], [], 60)[0], self.seen
            try:
                part = os.read(self.master, 1 << 16)
            except OSError:
                part = b""
            assert part, self.seen
            self.seen += part.decode()
        before, _, self.seen = self.seen.partition(text)
        return before

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def end(self) -> int:
        code = self.process.wait(60)
        os.close(self.master)
        return code


@pytest.fixture
def erasing(ledger: Commands) -> Terminal:
    (ledger.root / "scripts" / "erase.py").write_text(ERASE)
    return Terminal(ledger, "run", "scripts/erase.py")


def test_at_a_terminal_each_call_is_shown_whole_and_asked_for(erasing, written):
    shown = erasing.until("approve?")
    assert 'key = "x"' in shown
    assert "scripts/erase.py:7" in shown
    assert "> return gather(*[lambda key=key: erase(key=key)" in shown
    assert written() == ["post first"]
    erasing.type("y\n")
    assert 'key = "y"' in erasing.until("approve?")
    erasing.type("n too much\n")
    erasing.until("too much")  # what was typed
    assert "ToolRejected" in erasing.until("too much")
    assert erasing.end() == 1
    assert written() == ["post first", "erase x"]


def test_a_call_that_is_asked_for_may_be_approved_elsewhere(ledger, erasing, written):
    erasing.until("approve?")
    run = envelope(ledger("pending", "--json"))["waiting"][0]["run"]
    assert "goes on where it was started" in ledger("approve", run).stderr
    erasing.until("decided elsewhere")
    erasing.until('["erase x", "erase y"]')
    assert erasing.end() == 0
    assert len(written()) == 3


def test_ctrl_c_at_the_question_leaves_the_run_waiting(ledger, erasing, written):
    erasing.until("approve?")
    os.killpg(erasing.process.pid, signal.SIGINT)
    erasing.until("codegen approve")
    assert erasing.end() == 4
    assert written() == ["post first"]
    run = envelope(ledger("pending", "--json"))["waiting"][0]["run"]
    ledger("approve", run)
    assert len(written()) == 3
