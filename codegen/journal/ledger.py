"""The journal's file, open: for readers as it is, for a writer with the end of its chain."""

from __future__ import annotations

import fcntl
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import FileIO
from pathlib import Path

from codegen.errors import CodegenError
from codegen.journal.chain import START, Keeping, Seals
from codegen.journal.migrate import put_aside, records_aside
from codegen.journal.schema import APPLY, SCHEMA, SCHEMA_VERSION, dump
from codegen.model import JsonObject

LOG_PAGES = 4_000
"""Pages (of 4 KiB) of the write-ahead log that are moved to the file at once: the page that is appended to counts once
among them, and the disk is waited for less often. SQLite's own 1,000 cost a fifth of each record."""

_INSERT = "INSERT INTO records(n, at, run, call, kind, said, body, mac) VALUES(?,?,?,?,?,?,?,?)"


class Ledger:
    """Appends records. Several processes may do so to one file: the number of a record is taken once.

    `alone`: no other one has this file open now. Raises CodegenError for a file of a newer codegen, and where the key
    can't be had.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._keeping = Keeping(path)
        self._lock = FileIO(path.with_suffix(".lock"), "a")
        self.alone = self._is_alone()
        self.db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        try:
            noted = self._keeping.noted()
            self._bring_up_to_date(path)
            self.db.execute("PRAGMA synchronous = NORMAL")
            self.db.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
            self._last = self._newest()
            if self._last[0] and noted and not reaches(self.db, *noted):
                self.append(0, 0, "lost", dump({"noted": noted[0]}))
                self.note()
        except BaseException:
            self.close()
            raise

    @property
    def seals(self) -> Seals:
        return self._keeping.seals

    def append(self, run: int | None, call: int, kind: str, said: str, body: str = "", at: float = 0) -> int:
        """Write a record and give its number; without a `run`, it is the first of its own."""
        at = at or time.time()
        while True:
            before = self._last
            n = before[0] + 1
            row = n, at, n if run is None else run, call, kind, said, body
            mac = self._keeping.seals.seal(before[1], row)
            try:
                self.db.execute(_INSERT, (*row, mac))
            except sqlite3.IntegrityError:  # another process has written this number meanwhile
                self._last = self._newest()
                continue
            self._last = n, mac
            return n

    def change(self, run: int | None, kind: str, said: JsonObject, body: str = "", at: float = 0) -> int:
        """Write a record of a run together with what it changes in `runs`, and keep how far the chain has come."""
        at = at or time.time()
        with self.together():
            n = self.append(run, 0, kind, dump(said), body, at)
            self.db.execute(APPLY[kind], {**said, "n": n, "at": at, "run": run})
        if not self._within:
            self.note()
        return n

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is written within, or nothing. One within another is part of it."""
        if self._within:
            yield
            return
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.db.execute("COMMIT")
        except BaseException:
            self.db.execute("ROLLBACK")
            self._last = self._newest()
            raise

    @property
    def _within(self) -> bool:
        return self.db.in_transaction

    def note(self) -> None:
        self._keeping.note(*self._last)

    def share(self) -> None:
        """From now on this is one of several that may have the file open."""
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def close(self) -> None:
        self.db.close()
        self._lock.close()

    def _is_alone(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _newest(self) -> tuple[int, bytes]:
        row = self.db.execute("SELECT n, mac FROM records ORDER BY n DESC LIMIT 1").fetchone()
        return row or (0, START)

    def _bring_up_to_date(self, path: Path) -> None:
        """Make the tables, or make them anew from those of an older codegen."""
        if not 0 < version_of(self.db, path) < SCHEMA_VERSION:
            self.db.executescript(SCHEMA)
            return
        if not self.alone:
            raise CodegenError(
                f"{path} is in use by an older codegen", hint="codegen broker stop, or wait until its runs have ended"
            )
        self._last = 0, START
        self.db.execute("BEGIN EXCLUSIVE")
        try:
            if version_of(self.db, path) < SCHEMA_VERSION:
                put_aside(self.db)
                for statement in SCHEMA.split(";\n"):
                    self.db.execute(statement) if "journal_mode" not in statement else None
                self._take_over()
            self.db.execute("COMMIT")
        except BaseException:
            self.db.execute("ROLLBACK")
            raise

    def _take_over(self) -> None:
        run = 0
        for old in records_aside(self.db):
            if old.call:
                self.append(run, old.call, old.kind, dump(old.said), old.body, old.at)
            elif old.kind == "begun":
                run = self.change(None, old.kind, old.said, old.body, old.at)
            else:
                self.change(run, old.kind, old.said, old.body, old.at)
        for table in ("calls", "runs"):
            self.db.execute(f"DROP TABLE old_{table}")


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A reader of the journal, which sees it as it is now; an absent one reads as empty."""
    target = str(path) if path.exists() else ":memory:"
    with closing(sqlite3.connect(target, isolation_level=None, timeout=30)) as db:
        if target == ":memory:":
            db.executescript(SCHEMA)
        elif version_of(db, path) < SCHEMA_VERSION:
            Ledger(path).close()
        db.execute("BEGIN")
        yield db


def version_of(db: sqlite3.Connection, path: Path) -> int:
    """Raises CodegenError for a file of a newer codegen."""
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise CodegenError(f"{path} was written by a newer codegen", hint="upgrade codegen, or move the file away")
    return version


def holes_of(db: sqlite3.Connection) -> dict[int, tuple[int, bytes]]:
    """The records that were pruned: the first of a row of them, to the last and its seal."""
    row = db.execute("SELECT said FROM records WHERE kind='pruned' ORDER BY n DESC LIMIT 1").fetchone()
    try:
        listed = json.loads(row[0])["holes"] if row else ()
        return {first: (last, bytes.fromhex(mac)) for first, last, mac in listed}
    except (ValueError, KeyError, TypeError):  # not of our writing, as its seal will tell
        return {}


def seal_of(db: sqlite3.Connection, n: int) -> bytes:
    """The seal of a record, also of one that was pruned last in its row."""
    row = db.execute("SELECT mac FROM records WHERE n=?", (n,)).fetchone() if n else None
    found = row[0] if row else dict(holes_of(db).values()).get(n, START)
    return found if isinstance(found, bytes) else START


def reaches(db: sqlite3.Connection, n: int, mac: bytes) -> bool:
    """Whether the chain has the record `n`, sealed so, or had it before it was pruned."""
    row = db.execute("SELECT mac FROM records WHERE n=?", (n,)).fetchone()
    if row:
        return bool(row[0] == mac)
    return any(first <= n <= last for first, (last, _) in holes_of(db).items())
