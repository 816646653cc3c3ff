"""Whether the journal is what was written: each record by its seal, and the table of runs by its records."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from codegen.journal.chain import Keeping, Row
from codegen.journal.ledger import holes_of, reaches, reading, seal_of
from codegen.journal.schema import APPLY, SCHEMA, facts
from codegen.journal.values import LostValueError, Values


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many records were looked at, and the first that isn't as it was written: its number and what is wrong."""

    records: int
    record: int | None = None
    problem: str = ""


_GONE = "removed, or an older copy was put in the journal's place, or the power failed"
_TABLE = (
    "SELECT n, id, script, digest, sandbox, state, started, seconds, exit_code, calls, attempts, expires, ended, last"
    " FROM runs WHERE ? IN (0, n) ORDER BY n"
)


def verify_run(path: Path, run: str) -> str:
    """What is wrong with the records of a run; empty when all is as it was written.

    Every record since the run began is looked at: one of it that was taken out is missed by the next.
    """
    return verify(path, run).problem


def verify(path: Path, run: str = "") -> Verdict:
    """Look at the whole journal, or at what was written since a run began. Raises CodegenError without a key."""
    keeping = Keeping(path)
    noted = keeping.noted()  # before the look: what is written meanwhile is not missed
    try:
        with reading(path) as db:
            return _Walk(db, keeping, Values(path)).go(run, noted)
    except sqlite3.DatabaseError as error:
        return Verdict(0, None, f"the journal can't be read: {error}")


class _Walk:
    """One look at the records, in order; `runs` becomes again what they come to."""

    def __init__(self, db: sqlite3.Connection, keeping: Keeping, values: Values) -> None:
        self._db = db
        self._seals = keeping.seals
        self._values = values
        self._holes = holes_of(db)
        self._newest: dict[int, int] = {}

    def go(self, run: str, noted: tuple[int, bytes] | None) -> Verdict:
        row = self._db.execute("SELECT n FROM runs WHERE id=?", (run,)).fetchone() if run else None
        if run and row is None:
            return Verdict(0, None, f"run {run} is not in the journal")
        begin = row[0] if row else 0
        last = max(0, begin - 1)
        before = seal_of(self._db, last)
        count = 0
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as shadow:
            shadow.executescript(SCHEMA)
            rows = "SELECT n, at, run, call, kind, said, body, mac FROM records WHERE n >= ? OR ? = 0 ORDER BY n"
            for *row, mac in self._db.execute(rows, (begin, begin)):
                record: Row = tuple(row)
                n, at, of, _, kind, said, _ = record
                gap, before = self._bridged(n, last, before)
                if gap:
                    return Verdict(count, last + 1, f"record {last + 1} is gone: removed")
                asked = begin in {0, of}
                if problem := self._problem(record, mac, before) or (self._lost(record) if asked else ""):
                    return Verdict(count, n, problem)
                if kind in APPLY and asked:
                    shadow.execute(APPLY[kind], {**facts(said), "n": n, "at": at, "run": of})
                self._newest[of] = n
                last, before, count = n, mac, count + 1
            if noted and count and not reaches(self._db, *noted):
                return Verdict(count, last + 1, f"the records up to {noted[0]} are gone: {_GONE}")
            return self._compared(shadow, begin, count)

    def _bridged(self, n: int, last: int, before: bytes) -> tuple[bool, bytes]:
        """Whether records are missing before record `n` that were not pruned, and the seal that it follows."""
        if n <= last + 1:
            return False, before
        end, sealed = self._holes.get(last + 1, (last, before))
        return end + 1 != n, sealed

    def _problem(self, record: Row, mac: object, before: bytes) -> str:
        try:
            right = mac == self._seals.seal(before, record)
        except TypeError:  # a field is of another kind
            right = False
        if not right:
            return f"{_named(self._db, record)} is not as it was written: edited or inserted"
        if record[4] == "lost":
            until = facts(record[5])["noted"]
            return f"before {_named(self._db, record)}, the records up to {until} were gone: {_GONE}"
        return ""

    def _lost(self, record: Row) -> str:
        """Whether a record's value is gone."""
        try:
            if address := facts(record[5]).get("value"):
                self._values.get(str(address))
        except LostValueError as error:
            return f"{_named(self._db, record)}: {error}"
        return ""

    def _compared(self, shadow: sqlite3.Connection, begin: int, count: int) -> Verdict:
        right = {row[0]: row for row in shadow.execute(_TABLE, (begin,))}
        found = {row[0]: row for row in self._db.execute(_TABLE, (begin,))}
        for n in sorted(right.keys() | found.keys()):
            wrong = right.get(n, ())[:-1] != found.get(n, ())[:-1]
            last = found[n][-1] if n in found else None
            if wrong or (last is not None and last < self._newest[n]):
                name = (found.get(n) or right[n])[1]
                return Verdict(count, n, f"what stands in the table of runs of run {name} is not what its records say")
        return Verdict(count)


def _named(db: sqlite3.Connection, record: Row) -> str:
    n, at, run, call, kind, *_ = record
    row = db.execute("SELECT id FROM runs WHERE n=?", (run,)).fetchone()
    try:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
    except (TypeError, ValueError, OverflowError, OSError):
        when = str(at)
    of = f" of run {row[0]}" if row else ""
    return f"record {n} ({kind}{of}{f', call {call}' if call else ''}, {when})"
