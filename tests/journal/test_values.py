from __future__ import annotations

import random

import pytest

from codegen.journal.read import answers, calls_of, find_run
from codegen.journal.record import Ended, Sent
from codegen.journal.values import LARGE, LostValueError, Values
from codegen.journal.verify import verify
from codegen.journal.write import Journal

BIG = "ü" * LARGE


def files(path):
    folder = path.with_name("values")
    return sorted(folder.iterdir()) if folder.exists() else []


def test_a_large_value_is_kept_once_beside_the_journal_and_read_back(journal, path):
    run = journal.begin("a", "x" * LARGE, (), "native", {})
    for number in (1, 2):
        journal.call_sent(run, Sent(number, "s", "t", {"text": BIG}))
        journal.call_ended(run, number, "answered", [BIG], 0.1)
    journal.end(run, Ended("succeeded", 0, 0.1, None, BIG, ""))
    assert len(files(path)) == 4, "source, arguments, answer, output"
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files(path))
    assert sum(file.stat().st_size for file in files(path)) < LARGE / 10
    first, second = calls_of(path, run)
    assert first.arguments == second.arguments == {"text": BIG}
    assert first.answer == [BIG]
    found = find_run(path, run)
    assert (found.source, found.stdout, found.lost) == ("x" * LARGE, BIG, "")
    assert list(answers(path)) == [("s", "t", [BIG])] * 2
    assert verify(path).problem == ""


def test_a_small_value_has_no_file(journal, path):
    run = journal.begin("a", "b", (), "native", {})
    journal.call_sent(run, Sent(1, "s", "t", {"text": "x" * (LARGE - 100)}))
    assert files(path) == []


def test_what_does_not_compress_is_kept_as_well(path):
    path.parent.mkdir(parents=True)
    noise = random.Random(1).randbytes(LARGE).hex()
    values = Values(path)
    assert values.get(values.put(noise)) == noise


@pytest.mark.parametrize("how", ["missing", "altered", "can't be read"])
def test_a_value_that_is_gone_is_told_as_such_and_costs_no_other(path, how):
    journal = Journal(path)
    run = journal.begin("a", "b", (), "native", {})
    for number, answer in ((1, BIG), (2, "small")):
        journal.call_sent(run, Sent(number, "s", "t", {}))
        journal.call_ended(run, number, "answered", answer, 0.1)
    (file,) = files(path)
    if how == "missing":
        file.unlink()
    elif how == "altered":
        file.write_bytes((other := Values(path)) and path.with_name("values").joinpath(other.put("no")).read_bytes())
    else:
        file.write_bytes(b"no")
    first, second = calls_of(path, run)
    assert (first.answer, second.answer, second.lost) == (None, "small", "")
    assert how in first.lost
    assert list(answers(path)) == [("s", "t", "small")]
    assert how in journal.verified(run)
    journal.close()
    with pytest.raises(LostValueError):
        Values(path).get(file.name)
