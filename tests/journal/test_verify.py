"""Whoever edits the journal without the key is found out, whatever he edits."""

from __future__ import annotations

import hmac
import shutil
import sqlite3
from contextlib import closing

import pytest

from codegen.errors import CodegenError
from codegen.journal.chain import Seals
from codegen.journal.read import calls_of
from codegen.journal.record import CallDecision, Ended, Sent
from codegen.journal.verify import verify, verify_run
from codegen.journal.write import Journal

DONE = Ended("succeeded", 0, 0.5, None, "out\n", "")


def work(journal: Journal, calls: int = 2) -> str:
    run = journal.begin("scripts/a.py", "print(1)", (), "native", {})
    for number in range(1, calls + 1):
        journal.call_sent(run, Sent(number, "bank", "pay", {"amount": number}))
        journal.call_ended(run, number, "answered", {"paid": number}, 0.1)
    journal.end(run, DONE)
    return run


def edit(path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)


def test_what_was_written_is_intact(journal, path):
    work(journal)
    run = journal.begin("a", "b", (), "native", {})
    journal.call_held(run, Sent(1, "bank", "pay", {}), "", "waiting", "asks")
    journal.end(run, Ended("waiting", 4, 0.1, None, "", ""), expires=9e9)
    journal.call_decided(run, 1, "approved", "fine")
    journal.again(run)
    journal.call_sent(run, Sent(1, "bank", "pay", {}))
    journal.call_ended(run, 1, "answered", None, 0.1)
    journal.end(run, DONE)
    journal.expire(journal.begin("a", "b", (), "native", {}))
    assert verify(path).problem == ""
    assert verify(path).records == 16
    assert journal.verified(run) == ""


EDITS = {
    "an answer": ("UPDATE records SET body='{\"paid\": 0}' WHERE n=3", 3),
    "an argument": ("UPDATE records SET body=replace(body, '2', '20') WHERE n=4", 4),
    "a state": ("UPDATE records SET said=replace(said, 'answered', 'failed') WHERE n=5", 5),
    "what a record is": ("UPDATE records SET kind='answered' WHERE n=2", 2),
    "a time": ("UPDATE records SET at=at+1 WHERE n=3", 3),
    "a seal": ("UPDATE records SET mac=zeroblob(32) WHERE n=3", 3),
    "the kind of a field": ("UPDATE records SET said=7 WHERE n=3", 3),
    "removed": ("DELETE FROM records WHERE n=3", 3),
    "the first removed": ("DELETE FROM records WHERE n=1", 1),
    "removed and closed up": (
        "DELETE FROM records WHERE n=3; UPDATE records SET n=-n WHERE n>3; UPDATE records SET n=-n-1 WHERE n<0",
        3,
    ),
    "the newest removed": ("DELETE FROM records WHERE n=6", 6),
    "inserted before all": (
        "INSERT INTO records SELECT -5, at, run, 3, kind, said, body, mac FROM records WHERE n=4",
        -5,
    ),
    "a seal of another kind": ("UPDATE records SET mac='x' WHERE n=3", 3),
    "no JSON": ("UPDATE records SET said='{' WHERE n=3", 3),
    "a hole of nonsense": ("UPDATE records SET kind='pruned', said='{}' WHERE n=6", 6),
    "inserted": ("INSERT INTO records SELECT 7, at, run, 3, kind, said, body, mac FROM records WHERE n=4", 7),
    "a run's state": ("UPDATE runs SET state='failed'", 1),
    "where a run's records end": ("UPDATE runs SET last=4", 1),
    "a run removed": ("DELETE FROM runs", 1),
    "a hole that nobody made": (
        "DELETE FROM records WHERE n=3; INSERT INTO records SELECT 7, at, 0, 0, 'pruned', "
        "'{\"holes\": [[3, 3, \"' || lower(hex(zeroblob(32))) || '\"]]}', '', mac FROM records WHERE n=4",
        4,
    ),
}


@pytest.mark.parametrize("what", EDITS)
def test_every_edit_is_named_by_its_record(path, what):
    journal = Journal(path)
    run = work(journal)
    journal.close()
    statements, record = EDITS[what]
    edit(path, *statements.split("; "))
    found = verify(path)
    assert found.problem
    assert found.record == record
    if record > 0:
        assert verify_run(path, run), "and nobody resumes it"


def test_an_older_copy_in_the_journals_place_is_noticed_also_after_it_was_written_on(path):
    journal = Journal(path)
    run = work(journal)
    journal.close()
    copy = path.with_name("copy")
    shutil.copy(path, copy)
    journal = Journal(path)
    work(journal)
    journal.close()
    shutil.copy(copy, path)
    assert "older copy" in verify(path).problem
    journal = Journal(path)
    later = work(journal)
    assert "older copy" in verify(path).problem
    assert journal.verified(run)
    assert journal.verified(later) == "", "what came after it stands on its own"
    journal.close()


def test_another_key_does_not_seal_and_an_edit_elsewhere_does_not_spoil_later_runs(path, monkeypatch, tmp_path):
    journal = Journal(path)
    first, second = work(journal), work(journal)
    journal.close()
    edit(path, "UPDATE records SET body='1' WHERE n=3")
    assert verify_run(path, first)
    assert verify_run(path, second) == ""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    assert verify_run(path, second)


def test_the_key_is_the_users_alone_and_never_within_the_workspace(path, monkeypatch, tmp_path):
    state = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    Journal(path).close()
    key = state / "codegen" / "journal.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(bytes.fromhex(key.read_text())) == 32
    before = key.read_bytes()
    Journal(path).close()
    assert key.read_bytes() == before
    monkeypatch.setenv("XDG_STATE_HOME", str(path.parent))
    with pytest.raises(Exception, match="inside the workspace"):
        Journal(path)


def test_two_writers_share_one_chain(path):
    retiring, successor = Journal(path), Journal(path)
    runs = [each.begin("a", "b", (), "native", {}) for each in (retiring, successor)]
    for number in range(1, 30):
        for run, each in zip(runs, (retiring, successor), strict=True):
            each.call_sent(run, Sent(number, "s", "t", {"n": number}))
            each.call_ended(run, number, "answered", number, 0.1)
    for run, each in zip(runs, (retiring, successor), strict=True):
        each.end(run, DONE)
        assert [call.answer for call in calls_of(path, run)] == list(range(1, 30))
        each.close()
    assert verify(path).problem == ""


def test_no_two_records_are_sealed_as_the_same_bytes():
    seals = Seals(bytes(32))
    assert seals.seal(b"", (1, 1.0, 1, 1, "sent", '{"a": 1}', "2")) != seals.seal(
        b"", (1, 1.0, 1, 1, "sent", '{"a": 1', "}2")
    )


def test_a_seal_is_a_standard_hmac():
    key = bytes(range(32))
    assert Seals(key).digest(b"message") == hmac.digest(key, b"message", "sha256")


def test_an_identity_tells_a_call_again_and_is_of_no_use_to_others(journal, path, tmp_path, monkeypatch):
    same = journal.identity("s", "t", {"a": 1, "b": [2]})
    assert same == journal.identity("s", "t", {"b": [2], "a": 1})
    assert same != journal.identity("s", "t", {"a": 1, "b": [3]})
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    other = Journal(path.with_name("other.sqlite"))
    assert same != other.identity("s", "t", {"a": 1, "b": [2]})
    other.close()


def test_a_file_that_is_no_journal_is_told_as_such(path):
    path.parent.mkdir(parents=True)
    path.write_bytes(b"SQLite format 3\x00" + b"x" * 5000)
    assert "can't be read" in verify(path).problem


def test_a_decision_that_somebody_wrote_into_the_file_is_none(journal, path):
    run = journal.begin("a", "b", (), "native", {})
    journal.call_held(run, Sent(1, "bank", "pay", {}), "", "waiting", "asks")
    assert journal.decision(run, 1).state == "waiting"
    edit(
        path,
        "INSERT INTO records SELECT 3, at, run, call, 'decided', "
        '\'{"state": "approved", "why": "approved by me"}\', \'\', mac FROM records WHERE n=2',
    )
    with pytest.raises(CodegenError, match="was edited"):
        journal.decision(run, 1)


def test_a_decision_is_read_by_whoever_waits_for_it(journal, path):
    run = journal.begin("a", "b", (), "native", {})
    journal.call_held(run, Sent(1, "bank", "pay", {}), "", "waiting", "asks")
    other = Journal(path)
    other.call_decided(run, 1, "rejected", "rejected by ada")
    other.close()
    assert journal.decision(run, 1) == CallDecision("rejected", "rejected by ada")
    journal.call_sent(run, Sent(1, "bank", "pay", {}), "", "approved by ada")
    assert calls_of(path, run)[0].why == "approved by ada"
    assert journal.again(run) is False


def test_a_record_that_cannot_be_read_is_an_error_with_a_hint(journal, path):
    run = work(journal)
    edit(path, "UPDATE records SET said='{' WHERE n=3")
    with pytest.raises(CodegenError, match="runs verify"):
        calls_of(path, run)
