"""What ranking reads of the index, row by row."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from sys import byteorder

from codegen.search.answer import Server

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    Columns: TypeAlias = tuple[bytes, bytes, bytes, int]
    Range: TypeAlias = tuple[int, int]
    Segments: TypeAlias = dict[int, list[Range]]

HEAD = 6
"""Bytes before the columns."""
END = 2**32
"""Beyond every document's number."""


def segments(connection: sqlite3.Connection, place: int | None) -> tuple[Segments, int]:
    """The segments to read, each with the ranges of documents in it that don't count; and how many documents do.

    Those that were replaced don't count, nor those of others than the group `place`.
    """
    if place is not None:
        row = connection.execute("SELECT segment, first, size FROM groups WHERE id=?", (place,)).fetchone()
        segment, first, size = row
        return {segment: [(0, first), (first + size, END)]}, size
    found: Segments = {}
    total = 0
    for segment, size in connection.execute("SELECT segment, sum(size) FROM groups WHERE size > 0 GROUP BY segment"):
        found[segment] = []
        total += size
    for segment, first, size in connection.execute("SELECT segment, first, size FROM dead ORDER BY segment, first"):
        found.setdefault(segment, []).append((first, first + size))
    return found, total


def postings(connection: sqlite3.Connection, term: str, where: Segments) -> Columns:
    """The columns of a term's postings, those of all segments joined: documents, weights, named, and the heaviest
    weight of a document not named.

    `named` may hold documents that don't count: nothing else knows them.
    """
    marks = ",".join(map(str, where))
    query = f"SELECT segment, columns FROM postings WHERE term=? AND segment IN ({marks})"  # noqa: S608 - numbers
    found: list[Columns] = []
    for segment, row in connection.execute(query, (term,)):
        documents, weights, named, rest = unpacked(row)
        found.append((*live(documents, weights, where[segment]), named, rest))
    if len(found) == 1:
        return found[0]
    documents = b"".join([row[0] for row in found])
    weights, named = b"".join([row[1] for row in found]), b"".join([row[2] for row in found])
    return documents, weights, named, max([row[3] for row in found], default=0)


def packed(columns: Columns) -> bytes:
    """The columns as one, behind the length of the first and `rest`: a row costs by its columns."""
    documents, weights, named, rest = columns
    return b"".join((len(documents).to_bytes(4, byteorder), rest.to_bytes(2, byteorder), documents, weights, named))


def unpacked(row: bytes) -> Columns:
    """The columns of a row. Raises DatabaseError for one that no writer of ours made."""
    size = int.from_bytes(row[:4], byteorder)
    middle, end = HEAD + size, HEAD + size * 3 // 2
    if size % 4 or end > len(row) or (len(row) - end) % 8:
        raise sqlite3.DatabaseError("a posting is cut short")
    return row[HEAD:middle], row[middle:end], row[end:], int.from_bytes(row[4:HEAD], byteorder)


def live(documents: bytes, weights: bytes, gone: Sequence[Range]) -> tuple[bytes, bytes]:
    """Two columns without the documents in some ranges; documents are in order, and so are the ranges."""
    if not gone:
        return documents, weights
    every = memoryview(documents).cast("I")
    kept, at = [], 0
    for first, end in gone:
        to = bisect_left(every, first, at)
        kept.append((at, to))
        at = bisect_left(every, end, to)
        if at == len(every):
            break
    kept.append((at, len(every)))
    return (
        b"".join([documents[4 * at : 4 * to] for at, to in kept]),
        b"".join([weights[2 * at : 2 * to] for at, to in kept]),
    )


def counted(document: int, gone: Sequence[Range]) -> bool:
    """Whether a document is outside of some ranges."""
    at = bisect_left(gone, (document + 1,))
    return at == 0 or gone[at - 1][1] <= document


def servers(connection: sqlite3.Connection) -> tuple[Server, ...]:
    """All servers, and the skills, as places to look."""
    rows = connection.execute("SELECT server, folder, summary, size FROM groups WHERE size > 0 ORDER BY folder")
    return tuple(Server(name or folder, folder, summary, size) for name, folder, summary, size in rows)
