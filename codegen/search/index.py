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
from codegen.model import Effect
from codegen.search.database import DAMAGED, is_damage, is_sound, open_to_read, open_to_write, put_sound, unusable
from codegen.search.ranking import K1
from codegen.search.stems import stem
from codegen.search.words import STOP_WORDS, alias, fold, storable, terms, words

FIELDS = {
    # weight, b, average length in words: typical of real servers, and frozen so that a posting never changes
    "server": (1.0, 0.3, 1.5),
    "name": (3.0, 0.3, 2.5),
    "description": (1.0, 0.6, 20.0),
    "parameter names": (0.6, 0.6, 6.0),
    "parameter texts": (0.3, 0.6, 40.0),
    "server summary": (0.2, 0.6, 20.0),
    "learned queries": (1.0, 0.6, 12.0),  # kept by remember.py
}
LONGEST_TEXT = 20_000
"""Characters of a field that are indexed: a description of a megabyte must not cost its neighbours."""
LONGEST_NAME = 1_000
MARK = 8
"""Bytes of the hash by which a posting is known to be as it was."""
A_COMMIT = 2_000
"""Entries after which a transaction is ended: other writers wait no longer, and memory stays small."""
CACHE = 65_536
"""KiB of pages that one transaction may hold."""

_Found: TypeAlias = dict[str, dict[int, tuple[int, int]]]
_Row: TypeAlias = tuple[str, int, bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Entry:
    """One tool or skill as it is found and shown.

    `parameters` are (name, text), enum values in the text; `signature`, `brief` and `summary` are ready to print.
    """

    path: str
    server: str
    name: str
    title: str
    description: str
    parameters: tuple[tuple[str, str], ...]
    server_summary: str
    signature: str
    brief: str
    summary: str
    effect: Effect


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


def write_groups(db: str | os.PathLike[str], wanted: Iterable[Group]) -> list[str]:
    """Replaces groups, but those that already hold their `digest`; gives the names of those it wrote.

    Each is replaced in one transaction, which small ones share: a commit writes a whole page for every term.
    """
    return [name for batch in _batches(wanted) for name in _written(db, batch)]


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


def _written(db: str | os.PathLike[str], batch: Sequence[Group]) -> list[str]:
    for certain in (False, True):
        try:
            return _replace(db, batch)
        except DAMAGED as error:
            _mend(db, error, certain=certain)
    return _replace(db, batch)


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
        connection.execute("DELETE FROM vocabulary WHERE grp=?", (old.identity,))
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
    first: int
    size: int
    marks: dict[str, bytes]


def _old(connection: sqlite3.Connection, group: str) -> _Old | None:
    row = connection.execute(
        "SELECT id, digest, first, size, terms, marks FROM groups JOIN vocabulary ON grp=id WHERE name=?", (group,)
    ).fetchone()
    if row is None:
        return None
    identity, digest, first, size, vocabulary, marks = row
    known = vocabulary.split("\n") if vocabulary else []
    if len(marks) != MARK * len(known):
        raise sqlite3.DatabaseError("a vocabulary is cut short")
    return _Old(
        identity, digest, first, size, {term: marks[at * MARK : at * MARK + MARK] for at, term in enumerate(known)}
    )


def _replace(db: str | os.PathLike[str], batch: Sequence[Group]) -> list[str]:
    """One transaction, whose new postings are inserted in the table's own order."""
    connection = open_to_write(db)
    try:
        connection.execute(f"PRAGMA cache_size=-{CACHE}")
        connection.execute("BEGIN IMMEDIATE")
        rows: list[_Row] = []
        written = [group.name for group in batch if _put(connection, group, rows)]
        rows.sort()
        connection.executemany("INSERT OR REPLACE INTO postings VALUES (?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
    finally:
        connection.close()
    return written


def _put(connection: sqlite3.Connection, group: Group, rows: list[_Row]) -> bool:
    """Replaces a group but for the postings that are new or changed, which `rows` is given; False: it is up to date.

    Documents keep their numbers while there are no more of them, so most postings their bytes.
    """
    head, entries = group.head, group.entries
    old = _old(connection, head[0])
    if old is not None and old.digest == head[1]:
        return False
    (first,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM documents").fetchone()
    (identity,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM groups").fetchone()
    before: dict[str, bytes] = {}
    if old is not None:
        identity, first = old.identity, (old.first if len(entries) <= old.size else first)
        before = old.marks
        connection.execute("DELETE FROM documents WHERE id >= ? AND id < ?", (old.first, old.first + old.size))
    found = _postings(entries)
    _delete(connection, identity, before.keys() - found.keys())
    marks = []
    for term in sorted(found):
        columns = _packed(first, found[term])
        marks.append(blake2b(b"".join(columns), digest_size=MARK).digest())
        if before.get(term) != marks[-1]:
            rows.append((term, identity, *columns))
    connection.execute(
        "INSERT OR REPLACE INTO groups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (identity, *head, first, len(entries))
    )
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


def _postings(entries: Sequence[Entry]) -> _Found:
    """term -> {place of the entry: (weight 0-65535, words in the name when the term is one of them, else 0)}."""
    found: _Found = {}
    shared: dict[str, dict[str, float]] = {}  # the server's summary is the same text a hundred times
    for at, entry in enumerate(entries):
        names = set(terms(entry.name[:LONGEST_NAME]))
        for term, weight in _weights(entry, shared).items():
            saturated = round(weight / (weight + K1) * 65535)
            found.setdefault(term, {})[at] = (max(1, saturated), len(names) if term in names else 0)
        for key in exact_keys(entry):
            found.setdefault(key, {})[at] = (0, 0)
    return found


def _weights(entry: Entry, shared: dict[str, dict[str, float]]) -> dict[str, float]:
    """BM25F's combined frequency of each term, before saturation."""
    texts = {
        "server": entry.server,
        "name": entry.name,
        "description": f"{entry.title}\n{entry.description}",
        "parameter names": " ".join(name for name, _ in entry.parameters),
        "parameter texts": " ".join(text for _, text in entry.parameters),
    }
    if entry.server_summary not in shared:
        shared[entry.server_summary] = _field("server summary", entry.server_summary)
    combined = dict(shared[entry.server_summary])
    for field, text in texts.items():
        for term, weight in _field(field, text).items():
            combined[term] = combined.get(term, 0.0) + weight
    return combined


def _field(field: str, text: str) -> dict[str, float]:
    """A field's words, weighted and normalised by length. Stop words count in names alone: `who_am_i` must be found."""
    skipped = frozenset() if field == "name" else STOP_WORDS
    return weighted(field, [stem(word) for word in words(text[:LONGEST_TEXT]) if word not in skipped])


def weighted(field: str, found: Sequence[str]) -> dict[str, float]:
    """The terms of a field with what each occurrence counts, less in a longer text."""
    weight, b, average = FIELDS[field]
    share = weight / (1 - b + b * len(found) / average)
    counts: dict[str, float] = {}
    for term in found:
        counts[term] = counts.get(term, 0.0) + share
    return counts


def exact_keys(entry: Entry) -> set[str]:
    """The terms under which an entry is found by its whole name; `=` can't be in a word."""
    names = (entry.path, entry.path.rpartition(".")[2], entry.name, f"{entry.server}.{entry.name}")
    return {f"={fold(storable(name[:LONGEST_NAME]))}".replace("\n", " ") for name in names}
