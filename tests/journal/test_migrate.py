"""Journals of earlier codegens are taken over; nothing of them is lost."""

from __future__ import annotations

import fcntl
import sqlite3
from contextlib import closing

import pytest

from codegen.errors import CodegenError
from codegen.journal.read import calls_of, find_run, recent_runs, succeeded_run
from codegen.journal.record import digest_of
from codegen.journal.verify import verify
from codegen.journal.write import Journal

VERSION_1 = """
CREATE TABLE runs(
  id TEXT PRIMARY KEY, script TEXT NOT NULL, digest TEXT NOT NULL, source TEXT NOT NULL, arguments TEXT NOT NULL,
  sandbox TEXT NOT NULL, state TEXT NOT NULL, started REAL NOT NULL, seconds REAL, exit_code INTEGER, output TEXT,
  stdout TEXT, stderr TEXT);
CREATE INDEX runs_started ON runs(started);
CREATE INDEX runs_digest ON runs(digest);
CREATE TABLE calls(
  run TEXT NOT NULL, number INTEGER NOT NULL, server TEXT NOT NULL, tool TEXT NOT NULL, arguments TEXT NOT NULL,
  state TEXT NOT NULL, answer TEXT, started REAL NOT NULL, seconds REAL, PRIMARY KEY(run, number)) WITHOUT ROWID;
PRAGMA user_version = 1;
"""
VERSION_2 = """
ALTER TABLE runs ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
ALTER TABLE runs ADD COLUMN attempts INTEGER NOT NULL DEFAULT 1;
ALTER TABLE runs ADD COLUMN expires REAL;
ALTER TABLE calls ADD COLUMN at TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN identity TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN why TEXT NOT NULL DEFAULT '';
PRAGMA user_version = 2;
"""


@pytest.fixture
def old(path):
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(VERSION_1)
        run = "INSERT INTO runs VALUES(?,'scripts/a.py',?,?,'[\"x\"]','native',?,?,?,?,?,?,?)"
        db.execute(run, ("bb", digest_of("two"), "two", "running", 20.0, None, None, None, None, None))
        db.execute(run, ("aa", digest_of("one"), "one", "succeeded", 10.0, 0.5, 0, '{"a": 1}', "out", "err"))
        call = "INSERT INTO calls VALUES(?,?,'s','t','{\"n\": 1}',?,?,?,?)"
        db.execute(call, ("aa", 1, "answered", "[1]", 10.1, 0.2))
        db.execute(call, ("aa", 2, "failed", '"broke"', 10.2, 0.3))
        db.execute(call, ("bb", 1, "sent", None, 20.1, None))
    return path


def test_a_journal_of_version_1_is_taken_over_by_its_first_writer(old):
    Journal(old).close()
    check(old)


def test_a_journal_of_version_1_is_taken_over_by_its_first_reader(old):
    assert len(recent_runs(old)) == 2
    check(old)


def check(path):
    one, two = find_run(path, "aa"), find_run(path, "bb")
    assert (one.source, one.arguments, one.state, one.started, one.seconds) == ("one", ("x",), "succeeded", 10.0, 0.5)
    assert (one.exit_code, one.output, one.stdout, one.stderr, one.calls) == (0, {"a": 1}, "out", "err", 2)
    assert [(call.state, call.answer, call.started, call.seconds) for call in calls_of(path, "aa")] == [
        ("answered", [1], 10.1, 0.2),
        ("failed", "broke", 10.2, 0.3),
    ]
    assert (two.state, two.calls, two.attempts) == ("interrupted" if two.exit_code else "running", 1, 1)
    assert calls_of(path, "bb")[0].state == "sent"
    assert [run.id for run in recent_runs(path)] == ["bb", "aa"]
    assert succeeded_run(path, "one") == one
    assert verify(path).problem == ""


def test_one_of_version_2_too_with_its_approvals(old):
    with closing(sqlite3.connect(old, isolation_level=None)) as db:
        db.executescript(VERSION_2)
        db.execute("UPDATE runs SET state='waiting', seconds=1, exit_code=4, attempts=3, expires=99 WHERE id='bb'")
        for number, state in enumerate(("waiting", "approved", "rejected", "planned", "unknown"), start=2):
            db.execute(
                "INSERT INTO calls VALUES('bb', ?, 's', 't', '{}', ?, NULL, 21, NULL, 'a.py:1', 'id', 'why')",
                (number, state),
            )
    Journal(old).close()
    run = find_run(old, "bb")
    assert (run.state, run.exit_code, run.attempts, run.expires) == ("waiting", 4, 3, 99)
    calls = calls_of(old, "bb")
    assert [call.state for call in calls] == ["sent", "waiting", "approved", "rejected", "planned", "unknown"]
    assert {(call.at, call.identity) for call in calls[1:]} == {("a.py:1", "id")}
    assert {call.why for call in calls[1:5]} == {"why"}
    assert verify(old).problem == ""


def test_a_writer_of_an_older_codegen_that_still_lives_is_left_its_tables(old):
    with old.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        with pytest.raises(CodegenError, match="in use by an older codegen"):
            Journal(old)
    check(old)
