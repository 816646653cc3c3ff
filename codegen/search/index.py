"""Writing the index: a group (a server, or the skills) is replaced in one transaction, many groups in few.

A posting holds what ranking needs and nothing to join: BM25F's weight of the term in the document, already saturated,
which frozen average lengths make possible (https://doi.org/10.1561/1500000019, section 3.6). One write never touches
another group's rows.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeAlias

from codegen.errors import WorkspaceError
from codegen.search.database import DAMAGED, is_damage, is_sound, open_to_read, open_to_write, put_sound, unusable
from codegen.search.fields import Entry, postings_of
from codegen.search.meaning import Meaning
from codegen.search.words import alias, storable

MARK = 8
"""Bytes of the hash by which a posting is known to be as it was."""
A_COMMIT = 2_000
"""Entries after which a transaction is ended: other writers wait no longer, and memory stays small."""
CACHE = 65_536
"""KiB of pages that one transaction may hold."""

_Row: TypeAlias = tuple[str, int, bytes, bytes, bytes]


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

    Each is replaced in one transaction, which small ones share: a commit writes a whole page for every term. With a
    `meaning` they get vectors too.
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
        old = _old(connection, storable(group))
        if old is None:
            return False
        _delete(connection, old.identity, old.marks)
        connection.execute("DELETE FROM documents WHERE id >= ? AND id < ?", (old.first, old.first + old.size))
        for table in ("vocabulary", "vectors"):
            connection.execute(f"DELETE FROM {table} WHERE grp=?", (old.identity,))  # noqa: S608 - constants
        connection.execute("DELETE FROM groups WHERE id=?", (old.identity,))
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


@dataclass(frozen=True, slots=True)
class _Old:
    """A group as it stands: its documents are `first` to `first + size`, its postings under `marks`."""

    identity: int
    digest: str
    embedder: str
    first: int
    size: int
    marks: dict[str, bytes]


def _old(connection: sqlite3.Connection, group: str) -> _Old | None:
    row = connection.execute(
        "SELECT id, digest, embedder, first, size, terms, marks FROM groups JOIN vocabulary ON grp=id WHERE name=?",
        (group,),
    ).fetchone()
    if row is None:
        return None
    identity, digest, embedder, first, size, vocabulary, marks = row
    known = vocabulary.split("\n") if vocabulary else []
    if len(marks) != MARK * len(known):
        raise sqlite3.DatabaseError("a vocabulary is cut short")
    kept = {term: marks[at * MARK : at * MARK + MARK] for at, term in enumerate(known)}
    return _Old(identity, digest, embedder, first, size, kept)


def _replace(db: str | os.PathLike[str], batch: Sequence[Group], meaning: Meaning | None) -> list[str]:
    """One transaction, whose new postings are inserted in the table's own order."""
    connection = open_to_write(db)
    try:
        connection.execute(f"PRAGMA cache_size=-{CACHE}")
        connection.execute("BEGIN IMMEDIATE")
        rows: list[_Row] = []
        written = [group.name for group in batch if _put(connection, group, rows, meaning)]
        rows.sort()
        connection.executemany("INSERT OR REPLACE INTO postings VALUES (?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
    finally:
        connection.close()
    return written


def _put(connection: sqlite3.Connection, group: Group, rows: list[_Row], meaning: Meaning | None) -> bool:
    """Replaces a group but for the postings that are new or changed, which `rows` is given; False: it is up to date.

    Documents keep their numbers while there are no more of them, so most postings their bytes.
    """
    head, entries = group.head, group.entries
    old = _old(connection, head[0])
    embedder = meaning.name if meaning else ""
    if old is not None and (old.digest, old.embedder) == (head[1], embedder):
        return False
    (first,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM documents").fetchone()
    (identity,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM groups").fetchone()
    before: dict[str, bytes] = {}
    if old is not None:
        identity, first = old.identity, (old.first if len(entries) <= old.size else first)
        before = old.marks
        connection.execute("DELETE FROM documents WHERE id >= ? AND id < ?", (old.first, old.first + old.size))
    found = postings_of(entries)
    _delete(connection, identity, before.keys() - found.keys())
    marks = []
    for term in sorted(found):
        columns = _packed(first, found[term])
        marks.append(blake2b(b"".join(columns), digest_size=MARK).digest())
        if before.get(term) != marks[-1]:
            rows.append((term, identity, *columns))
    connection.execute(
        "INSERT OR REPLACE INTO groups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (identity, *head, first, len(entries), embedder),
    )
    connection.execute("DELETE FROM vectors WHERE grp=?", (identity,))
    if meaning:
        connection.execute("INSERT INTO vectors VALUES (?, ?)", (identity, meaning.vectors(e.text for e in entries)))
    connection.executemany(
        "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (first + at, *map(storable, (e.path, e.server, e.signature, e.brief, e.summary, e.effect)))
            for at, e in enumerate(entries)
        ),
    )
    connection.execute(
        "INSERT OR REPLACE INTO vocabulary VALUES (?, ?, ?)", (identity, "\n".join(sorted(found)), b"".join(marks))
    )
    return True


def _delete(connection: sqlite3.Connection, identity: int, vanished: Iterable[str]) -> None:
    connection.executemany("DELETE FROM postings WHERE term=? AND grp=?", ((term, identity) for term in vanished))


def _packed(first: int, hits: dict[int, tuple[int, int]]) -> tuple[bytes, bytes, bytes]:
    """Documents (4 bytes each), their weights (2), and of those named by the term the length of the name (4 + 4)."""
    if len(hits) == 1:  # most terms: without the arrays, half the time
        ((at, (weight, size)),) = hits.items()
        document = (first + at).to_bytes(4, sys.byteorder)
        named = document + size.to_bytes(4, sys.byteorder) if size else b""
        return document, weight.to_bytes(2, sys.byteorder), named
    pairs = [number for at, (_, size) in hits.items() if size for number in (first + at, size)]
    weights = array("H", [weight for weight, _ in hits.values()])
    return array("I", [first + at for at in hits]).tobytes(), weights.tobytes(), array("I", pairs).tobytes()
