"""Old runs taken out of the journal, which stays one that can be verified."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from codegen.journal.ledger import Ledger, holes_of, reading
from codegen.journal.schema import OF_JOURNAL, dump
from codegen.journal.values import Values

_OPEN = ("running", "waiting")
"""States in which somebody still needs a run."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """The ids of the runs that were taken out, or would be, and how many bytes that freed."""

    runs: tuple[str, ...]
    freed: int = 0


def prune(path: Path, before: float, keep: int, *, dry: bool = False) -> Pruned:
    """Take out the runs that began earlier than `before`, but for the newest `keep`, with their values.

    One that goes on or waits for an approval stays. `dry`: only say which.
    """
    if dry or not path.exists():
        with reading(path) as db:
            return Pruned(tuple(run for _, run in _old(db, before, keep)))
    size = _size(path)
    ledger = Ledger(path)
    ledger.share()
    try:
        with ledger.together():
            runs = _old(ledger.db, before, keep)
            if runs:
                _take_out(ledger, [n for n, _ in runs])
        if runs:
            ledger.note()
            freed = Values(path).remove_others(_named_values(ledger.db))
            _shrink(ledger.db)
            return Pruned(tuple(run for _, run in runs), max(0, size - _size(path)) + freed)
        return Pruned(())
    finally:
        ledger.close()


def _old(db: sqlite3.Connection, before: float, keep: int) -> list[tuple[int, str]]:
    """Number and id of the runs that may go, oldest first."""
    return db.execute(
        "SELECT n, id FROM runs WHERE started < ? AND state NOT IN (?, ?)"
        " AND n NOT IN (SELECT n FROM runs ORDER BY started DESC LIMIT ?) ORDER BY n",
        (before, *_OPEN, keep),
    ).fetchall()


def _take_out(ledger: Ledger, runs: Sequence[int]) -> None:
    """Delete the records of runs, and say in a new one where they were: the chain goes on over these holes."""
    db = ledger.db
    db.execute("CREATE TEMP TABLE gone(n INTEGER PRIMARY KEY)")
    db.executemany("INSERT INTO gone VALUES(?)", [(run,) for run in runs])
    until = runs[-1]
    found = db.execute(
        "SELECT n, mac FROM records WHERE run IN (SELECT n FROM gone) OR (kind IN (?, ?) AND n < ?)",
        (*sorted(OF_JOURNAL), until),
    )
    rows = {n: (n, mac) for n, mac in found} | holes_of(db)
    holes = _joined(sorted(rows.items()))
    # The newest `pruned` record is the one that counts, so that it has to name the holes of all earlier ones too.
    ledger.append(0, 0, "pruned", dump({"runs": len(runs), "holes": [[*hole[:2], hole[2].hex()] for hole in holes]}))
    db.executemany("DELETE FROM records WHERE n BETWEEN ? AND ?", [hole[:2] for hole in holes])
    db.execute("DELETE FROM runs WHERE n IN (SELECT n FROM gone)")
    db.execute("DROP TABLE gone")


def _joined(rows: Sequence[tuple[int, tuple[int, bytes]]]) -> list[tuple[int, int, bytes]]:
    """Rows of missing records, each from its first to its last with that one's seal; neighbours become one."""
    joined: list[tuple[int, int, bytes]] = []
    for first, (last, mac) in rows:
        is_next = bool(joined) and joined[-1][1] + 1 == first
        joined.append((joined.pop()[0] if is_next else first, last, mac))
    return joined


def _named_values(db: sqlite3.Connection) -> frozenset[str]:
    rows = db.execute("SELECT json_extract(said, '$.value') FROM records WHERE said LIKE '%\"value\"%'")
    return frozenset(address for (address,) in rows if address)


def _shrink(db: sqlite3.Connection) -> None:
    """Give the file's free pages back, where they are a good part of it."""
    pages, free = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
    with suppress(sqlite3.OperationalError):  # somebody reads or writes just now: the next time will do
        if free * 4 > pages:
            db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _size(path: Path) -> int:
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
