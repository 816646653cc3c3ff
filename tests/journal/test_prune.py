from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing

import pytest

from codegen.errors import CodegenError
from codegen.journal.prune import prune
from codegen.journal.read import calls_of, find_run, recent_runs
from codegen.journal.record import Ended, Sent
from codegen.journal.values import LARGE
from codegen.journal.verify import verify, verify_run

DONE = Ended("succeeded", 0, 0.5, None, "", "")
NOW = 9e9


def work(journal, answer="x", state="succeeded") -> str:
    run = journal.begin("a", "b", (), "native", {})
    journal.call_sent(run, Sent(1, "s", "t", {}))
    journal.call_ended(run, 1, "answered", answer, 0.1)
    journal.end(run, Ended(state, 0, 0.5, None, "", ""))
    return run


def ids(path):
    return [run.id for run in recent_runs(path, 1000)][::-1]


def test_old_runs_go_the_newest_stay_and_the_journal_can_still_be_verified_and_written(journal, path):
    runs = [work(journal) for _ in range(6)]
    assert prune(path, NOW, 2, dry=True).runs == tuple(runs[:4])
    assert ids(path) == runs
    assert prune(path, NOW, 2).runs == tuple(runs[:4])
    assert ids(path) == runs[4:]
    assert verify(path).problem == ""
    assert journal.verified(runs[4]) == ""
    with pytest.raises(CodegenError):
        find_run(path, runs[0])
    later = work(journal)
    assert [call.answer for call in calls_of(path, later)] == ["x"]
    assert verify(path).problem == ""


def test_none_is_old_enough(journal, path):
    run = work(journal)
    assert prune(path, time.time() - 60, 0).runs == ()
    assert ids(path) == [run]


def test_runs_that_go_on_or_wait_stay_wherever_they_are(journal, path):
    first = work(journal)
    going = journal.begin("a", "b", (), "native", {})
    waiting = work(journal, state="waiting")
    journal.call_sent(going, Sent(1, "s", "t", {}))
    last = work(journal)
    assert prune(path, NOW, 0).runs == (first, last)
    assert ids(path) == [going, waiting]
    journal.call_ended(going, 1, "answered", 5, 0.1)
    journal.end(going, DONE)
    assert calls_of(path, going)[0].answer == 5
    assert verify(path).problem == ""
    assert prune(path, NOW, 0).runs == (going,), "again, with the holes of the first time"
    assert verify(path).problem == ""
    assert verify_run(path, waiting) == ""
    work(journal)
    assert verify(path).problem == ""


def test_after_pruning_an_edit_still_shows(journal, path):
    work(journal)
    kept = work(journal)
    prune(path, NOW, 1)
    with closing(sqlite3.connect(path)) as db, db:
        (first,) = db.execute("SELECT min(n) FROM records").fetchone()
        assert first == 5
        db.execute("DELETE FROM records WHERE n=6")
    assert verify(path).record == 6
    assert verify_run(path, kept)


def test_a_hole_is_as_well_kept_as_a_record(journal, path):
    work(journal)
    work(journal)
    prune(path, NOW, 1)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("""UPDATE records SET said=replace(said, '[1,', '[2,') WHERE kind='pruned'""")
        db.execute("""UPDATE records SET said=replace(said, '[[1,', '[[2,') WHERE kind='pruned'""")
    assert verify(path).problem


def test_values_that_nobody_names_any_more_go_too_but_not_those_that_are_being_written(journal, path):
    folder = path.with_name("values")
    shared = "a" * LARGE
    work(journal, shared)
    work(journal, "b" * LARGE)
    hour_ago = time.time() - 3700
    for file in folder.iterdir():
        os.utime(file, (hour_ago, hour_ago))
    work(journal, "c" * LARGE)
    kept = work(journal, shared)
    assert len([*folder.iterdir()]) == 3
    prune(path, NOW, 1)
    assert len([*folder.iterdir()]) == 2, "that of the one that stays, and the one that was written just now"
    assert calls_of(path, kept)[0].answer == shared
    assert verify(path).problem == ""


def test_the_file_becomes_smaller(journal, path):
    for _ in range(30):
        work(journal, "y" * 20_000)
    found = prune(path, NOW, 1)
    assert found.freed > 500_000
    assert path.stat().st_size < 100_000


def test_nothing_to_prune_in_a_workspace_without_a_journal(path):
    assert prune(path, NOW, 0).runs == ()
    assert not path.exists()
