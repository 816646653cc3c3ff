"""Writing earlier uses: a run succeeded, so the searches before it are joined with the tools it called.

Kept apart from the index, which is made anew when it is damaged: this is made of nothing else that is on disk.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass

from codegen.search.fields import weighted
from codegen.search.words import terms

WINDOW = 1800
"""Seconds for which a search waits for its run."""
PER_TOOL = 30
"""Different queries that a tool keeps; the oldest go first."""
IN_ALL = 5_000
MOST_UNSHOWN = 3
"""Tools that no search had shown, to which the searches without a fruit are credited: of more, any may be meant."""
VERSION = 1
_TABLES = f"""
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS uses (
    path TEXT, asked TEXT, at INTEGER NOT NULL, PRIMARY KEY (path, asked)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS words (
    term TEXT, path TEXT, weight REAL NOT NULL, PRIMARY KEY (term, path)
) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
"""


@dataclass(frozen=True, slots=True)
class Use:
    """A search that led to a tool: `asked` are its stems."""

    path: str
    asked: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class _Search:
    at: int
    asked: tuple[str, ...]
    shown: tuple[str, ...]

    @property
    def line(self) -> str:
        return f"{self.at}\t{' '.join(self.asked)}\t{' '.join(self.shown)}\n"


def credit(searches: str, uses: str, called: Collection[str], values: Iterable[str]) -> int:
    """Joins the waiting searches with the tools a run called, by their paths; gives how many uses were written.

    `values` are texts that the run passed to its tools: what is in them is not kept. Searches that found no tool of
    this run go on waiting.
    """
    waiting = _take(searches)
    if not waiting:
        return 0
    hidden = {term for value in values for term in terms(value[:1000])}
    found, rest = _joined(waiting, frozenset(called))
    clean = (Use(use.path, tuple(term for term in use.asked if term not in hidden), use.at) for use in found)
    written = [use for use in clean if use.asked]
    _give_back(searches, rest)
    if written:
        remember(uses, written)
    return len(written)


def remember(file: str, new: Sequence[Use]) -> None:
    """Writes uses in one transaction; a file that is damaged is begun anew."""
    try:
        _write(file, new)
    except sqlite3.DatabaseError:
        forget(file)
        _write(file, new)


def forget(file: str, searches: str = "") -> int:
    """Deletes what was learned, and the searches that wait; gives how many uses there were."""
    count = 0
    if os.path.isfile(file):
        with suppress(sqlite3.Error), closing(sqlite3.connect(file, timeout=30)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM uses").fetchone()
    for path in (file, file + "-wal", file + "-shm", searches):
        if path and os.path.exists(path):
            os.unlink(path)
    return count


def _joined(waiting: Sequence[_Search], called: frozenset[str]) -> tuple[list[Use], list[_Search]]:
    """The uses, and the searches that wait on.

    A search is credited to the first tool it had shown that was called. One that had shown none is credited to those
    that no search had shown: the agent found them by itself, and next time shall find them by its words.
    """
    fruitful = [search for search in waiting if not called.isdisjoint(search.shown)]
    best = [(search, next(path for path in search.shown if path in called)) for search in fruitful]
    uses = [Use(path, search.asked, search.at) for search, path in best]
    unshown = called.difference(*(search.shown for search in fruitful))
    barren = [search for search in waiting if called.isdisjoint(search.shown)]
    if not 0 < len(unshown) <= MOST_UNSHOWN:
        return uses, list(waiting)
    uses += [Use(path, search.asked, search.at) for search in barren for path in sorted(unshown)]
    return uses, fruitful


def _write(file: str, new: Sequence[Use]) -> None:
    with closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as connection:
        if connection.execute("PRAGMA user_version").fetchone()[0] > VERSION:
            return  # a newer version's: not ours to change
        connection.executescript(_TABLES)
        os.chmod(file, 0o600)
        connection.execute("BEGIN IMMEDIATE")
        rows = [(use.path, " ".join(use.asked), use.at) for use in new]
        connection.executemany("INSERT OR REPLACE INTO uses VALUES (?, ?, ?)", rows)
        old = "SELECT path, asked FROM uses ORDER BY at DESC LIMIT -1 OFFSET ?"
        dropped = connection.execute(old, (IN_ALL,)).fetchall()
        for path in {use.path for use in new}:
            old = "SELECT path, asked FROM uses WHERE path=? ORDER BY at DESC LIMIT -1 OFFSET ?"
            dropped += connection.execute(old, (path, PER_TOOL)).fetchall()
        connection.executemany("DELETE FROM uses WHERE path=? AND asked=?", dropped)
        for path in {use.path for use in new} | {path for path, _ in dropped}:
            _weigh(connection, path)
        connection.execute("COMMIT")


def _weigh(connection: sqlite3.Connection, path: str) -> None:
    """A tool's learned field, as the index weighs its others."""
    asked = connection.execute("SELECT asked FROM uses WHERE path=?", (path,)).fetchall()
    weights: Mapping[str, float] = weighted("learned queries", [term for (text,) in asked for term in text.split()], {})
    connection.execute("DELETE FROM words WHERE path=?", (path,))
    connection.executemany(
        "INSERT INTO words VALUES (?, ?, ?)", ((term, path, weight) for term, weight in weights.items())
    )


def _take(file: str) -> list[_Search]:
    """The searches of the last half hour, taken from the file: one that comes now begins a new one."""
    taken = file + ".taken"
    try:
        os.rename(file, taken)
        with open(taken, encoding="utf-8", errors="replace") as lines:
            text = lines.read()
        os.unlink(taken)
    except OSError:
        return []
    found = []
    for line in text.splitlines():
        at, _, rest = line.partition("\t")
        asked, _, shown = rest.partition("\t")
        if at.isdigit() and int(at) >= time.time() - WINDOW and asked:
            found.append(_Search(int(at), tuple(asked.split()), tuple(shown.split())))
    return found


def _give_back(file: str, rest: Sequence[_Search]) -> None:
    if rest:
        with suppress(OSError), open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as lines:
            lines.write("".join(search.line for search in rest))
