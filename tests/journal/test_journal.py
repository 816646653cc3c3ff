from __future__ import annotations

import sqlite3

import pytest

from codegen.errors import CodegenError
from codegen.journal.read import calls_of, find_run, recent_runs, succeeded_run, waiting_runs
from codegen.journal.record import Ended, Sent
from codegen.journal.write import Journal

DONE = Ended("succeeded", 0, 0.5, {"a": [1, None]}, "out\n", "err\n")


def begin(journal: Journal, source: str = "print(1)") -> str:
    return journal.begin("scripts/a.py", source, ("--x", "ü"), "native", {})


def test_a_run_is_read_back_as_it_was(journal, path):
    run = begin(journal)
    assert recent_runs(path)[0].state == "running"
    journal.end(run, DONE)
    found = find_run(path, run)
    assert (found.script, found.source, found.arguments, found.sandbox) == (
        "scripts/a.py",
        "print(1)",
        ("--x", "ü"),
        "native",
    )
    assert (found.state, found.exit_code, found.seconds, found.output) == ("succeeded", 0, 0.5, {"a": [1, None]})
    assert (found.stdout, found.stderr, found.calls) == ("out\n", "err\n", 0)


def test_calls_are_read_in_the_order_they_were_sent(journal, path):
    run = begin(journal)
    for number in (1, 2, 3):
        journal.call_sent(run, Sent(number, "s", f"t{number}", {"n": number}))
    journal.call_ended(run, 3, "answered", [None], 0.1)
    journal.call_ended(run, 1, "failed", "broke", 0.2)
    first, second, third = calls_of(path, run)
    assert (first.tool, first.arguments, first.state, first.answer) == ("t1", {"n": 1}, "failed", "broke")
    assert (second.state, second.answer, second.seconds) == ("sent", None, None)
    assert (third.state, third.answer) == ("answered", [None])
    assert find_run(path, run).calls == 3


def test_half_a_surrogate_pair_anywhere_is_kept_as_a_question_mark(journal, path):
    half = "x\ud83d"
    run = journal.begin(half, half, (half,), "native", {})
    journal.call_sent(run, Sent(1, "s", "t", {half: half}))
    journal.call_ended(run, 1, "answered", half, 0.1)
    journal.end(run, Ended("failed", 1, 0.1, half, half, half))
    found = find_run(path, run)
    assert {found.script, found.source, found.output, found.stdout, found.stderr} == {"x?"}
    assert calls_of(path, run)[0].answer == "x?"


def test_a_run_is_found_by_its_beginning_and_the_newest_as_last(journal, path):
    runs = [begin(journal) for _ in range(40)]
    assert find_run(path, "last").id == runs[-1]
    assert find_run(path, runs[5][:7]).id == runs[5]
    with pytest.raises(CodegenError, match="no run 'zz'"):
        find_run(path, "zz")
    letter = next(run[0] for run in runs if sum(run[0] == other[0] for other in runs) > 1)
    with pytest.raises(CodegenError, match="begins more than one"):
        find_run(path, letter)
    with pytest.raises(CodegenError, match="no run"):
        find_run(path, "%")


def test_the_newest_runs_come_first_and_no_more_than_asked_for(journal, path):
    runs = [begin(journal) for _ in range(5)]
    assert [run.id for run in recent_runs(path, 2)] == [runs[4], runs[3]]


def test_what_a_dead_writer_left_running_is_marked_by_the_next(path):
    dead = Journal(path)
    run = begin(dead)
    dead.call_sent(run, Sent(1, "s", "t", {}))
    dead.close()
    Journal(path).close()
    found = find_run(path, run)
    assert (found.state, found.exit_code) == ("interrupted", 130)
    assert calls_of(path, run)[0].state == "sent"


def test_runs_of_a_writer_that_still_lives_are_left_to_it(path):
    retired = Journal(path)
    run = begin(retired)
    Journal(path).close()
    assert find_run(path, run).state == "running"
    retired.end(run, DONE)
    retired.close()
    Journal(path).close()
    assert find_run(path, run).state == "succeeded"


def test_only_a_run_of_exactly_this_source_that_succeeded_counts(journal, path):
    journal.end(begin(journal, "a"), Ended("failed", 1, 0.1, None, "", ""))
    assert succeeded_run(path, "a") is None
    run = begin(journal, "a")
    journal.end(run, DONE)
    journal.end(begin(journal, "a"), Ended("timeout", 124, 0.1, None, "", ""))
    assert succeeded_run(path, "a").id == run
    assert succeeded_run(path, "a ") is None


def test_a_workspace_without_a_journal_has_no_runs(path):
    assert recent_runs(path) == ()
    assert succeeded_run(path, "a") is None
    with pytest.raises(CodegenError, match="no run 'last'"):
        find_run(path, "last")
    assert not path.exists()


def test_a_journal_of_a_newer_codegen_is_not_touched(path):
    Journal(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(CodegenError, match="newer codegen"):
        Journal(path)


def test_runs_wait_while_one_of_their_calls_does_whether_they_ended_or_stand_still(journal, path):
    ended, standing, decided, over = (begin(journal) for _ in range(4))
    for run in (ended, standing, decided, over):
        journal.call_held(run, Sent(1, "s", "t", {}), "", "waiting", "asks")
    journal.end(ended, Ended("waiting", 4, 0.1, None, "", ""), expires=9e9)
    journal.call_decided(decided, 1, "approved", "fine")
    journal.end(over, DONE)
    assert [run.id for run in waiting_runs(path)] == [ended, standing]
