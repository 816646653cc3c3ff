"""Writing the index: a group (a server, or the skills) is replaced in one transaction, many groups in few.

A posting holds what ranking needs and nothing to join: BM25F's weight of the term in the document, already saturated,
which frozen average lengths make possible (https://doi.org/10.1561/1500000019, section 3.6). So one group's never
change with another's.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from codegen.errors import WorkspaceError
from codegen.search.database import DAMAGED, is_damage, is_sound, open_to_read, open_to_write, put_sound, unusable
from codegen.search.fields import Entry, Found, add_entries
from codegen.search.meaning import Meaning
from codegen.search.segments import bury, new_segment, tidy, write_segment
from codegen.search.words import alias, storable

A_COMMIT = 10_000
"""Entries after which a transaction is ended: other writers wait no longer, and memory stays small."""
CACHE = 65_536
"""KiB of pages that one transaction may hold."""


@dataclass(frozen=True, slots=True)
class Group:
    """`servers/<folder>` or `skills`: all its entries, and a `digest` that differs when they do.

    `summary` is the line shown for the server when nothing matches; by default the first `server_summary`.
    """

    name: str
    entries: Sequence[Entry]
    digest: str
    summary: str = ""

    @property
    def head(self) -> tuple[str, ...]:
        """Its row in the table of groups: name, digest, server, folder, alias, summary."""
        line = self.summary or next((entry.server_summary for entry in self.entries if entry.server_summary), "")
        server, folder = (self.entries[0].server if self.entries else ""), self.name.rpartition("/")[2]
        texts = (self.name, self.digest, server, folder, alias(server or folder), " ".join(line.split()))
        return tuple(map(storable, texts))


def write_group(
    db: str | os.PathLike[str], name: str, entries: Sequence[Entry], digest: str, *, summary: str = ""
) -> bool:
    """Replaces a group, unless it already holds `digest`; tells whether it wrote."""
    return bool(write_groups(db, [Group(name, entries, digest, summary)]))


def write_groups(db: str | os.PathLike[str], wanted: Iterable[Group], meaning: Meaning | None = None) -> list[str]:
    """Replaces groups, but those that already hold their `digest`; gives the names of those it wrote.

    Each is replaced in one transaction, which small ones share: together they are one segment. With a `meaning` they
    get vectors too.
    """
    return [name for batch in _batches(wanted) for name in _written(db, batch, meaning)]


def _batches(wanted: Iterable[Group]) -> Iterator[list[Group]]:
    batch: list[Group] = []
    size = 0
    for group in wanted:
        batch.append(group)
        size += len(group.entries)
        if size >= A_COMMIT:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _written(db: str | os.PathLike[str], batch: Sequence[Group], meaning: Meaning | None) -> list[str]:
    for certain in (False, True):
        try:
            return _replace(db, batch, meaning)
        except DAMAGED as error:
            _mend(db, error, certain=certain)
    return _replace(db, batch, meaning)


def remove_group(db: str | os.PathLike[str], group: str) -> bool:
    """Removes a group; tells whether it was there."""
    connection = open_to_write(db)
    try:
        connection.execute("BEGIN IMMEDIATE")
        row = connection.execute("SELECT id FROM groups WHERE name=?", (storable(group),)).fetchone()
        if row is None:
            return False
        _clear(connection, row[0])
        connection.execute("DELETE FROM groups WHERE id=?", row)
        tidy(connection)
        connection.execute("COMMIT")
    except DAMAGED as error:
        _mend(db, error, certain=True)
        return False
    finally:
        connection.close()
    return True


def groups(db: str | os.PathLike[str]) -> dict[str, str]:
    """The groups of the index and the digests they were written with; empty when the file is missing or unusable.

    So a sync that writes every group whose digest differs also mends a damaged index.
    """
    try:
        connection = open_to_read(db)
    except WorkspaceError:
        return {}
    try:
        if not is_sound(connection):
            return {}
        return dict(connection.execute("SELECT name, digest FROM groups ORDER BY name"))
    except DAMAGED:
        return {}
    finally:
        connection.close()


def _mend(db: str | os.PathLike[str], error: Exception, *, certain: bool) -> None:
    """Puts an empty index in the place of one that is damaged where opening doesn't look. Other trouble is raised.

    Not `certain`, the file is looked at once more: another process may have mended it already.
    """
    if not is_damage(error):
        raise unusable(os.fspath(db), f"can't be written: {error}") from error
    put_sound(os.fspath(db), certain=certain)


def _replace(db: str | os.PathLike[str], batch: Sequence[Group], meaning: Meaning | None) -> list[str]:
    """One transaction, and one segment."""
    connection = open_to_write(db)
    try:
        connection.execute(f"PRAGMA cache_size=-{CACHE}")
        connection.execute("BEGIN IMMEDIATE")
        segment = new_segment(connection)
        found: Found = ({}, {})
        written = [group.name for group in batch if _put(connection, group, segment, found, meaning)]
        if written:
            write_segment(connection, segment, found)
            tidy(connection)
        connection.execute("COMMIT")
    finally:
        connection.close()
    return written


def _put(connection: sqlite3.Connection, group: Group, segment: int, found: Found, meaning: Meaning | None) -> bool:
    """Replaces a group but for its postings, which `found` is given; False: it is up to date."""
    head, entries = group.head, group.entries
    embedder = meaning.name if meaning else ""
    row = connection.execute("SELECT id, digest, embedder FROM groups WHERE name=?", head[:1]).fetchone()
    if row is not None:
        if row[1:] == (head[1], embedder):
            return False
        _clear(connection, row[0])
    identity, first = row[0] if row else None, _new_document(connection)
    add_entries(found, first, entries)
    (identity,) = connection.execute(
        "INSERT OR REPLACE INTO groups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (identity, *head, segment, first, len(entries), embedder),
    ).fetchone()
    if meaning:
        connection.execute("INSERT INTO vectors VALUES (?, ?)", (identity, meaning.vectors(e.text for e in entries)))
    connection.executemany(
        "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (at, *map(storable, (e.path, e.server, e.signature, e.brief, e.summary, e.effect)))
            for at, e in enumerate(entries, first)
        ),
    )
    return True


def _clear(connection: sqlite3.Connection, identity: int) -> None:
    """Takes away what a group has, but for its row."""
    row = connection.execute("SELECT segment, first, size FROM groups WHERE id=?", (identity,)).fetchone()
    segment, first, size = row
    bury(connection, segment, first, size)
    connection.execute("DELETE FROM documents WHERE id >= ? AND id < ?", (first, first + size))
    connection.execute("DELETE FROM vectors WHERE grp=?", (identity,))


def _new_document(connection: sqlite3.Connection) -> int:
    """A number that no document has, nor had while a posting of it is left."""
    last = "SELECT max(id) + 1 FROM documents UNION ALL SELECT max(first + size) FROM dead"
    return max(number or 1 for (number,) in connection.execute(last))
