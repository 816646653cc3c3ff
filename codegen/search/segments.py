"""Segments: the postings that one transaction wrote, in one run of rows; a few are merged when there are many.

A segment is never changed, so that a write costs what is new, wherever its terms are in the alphabet. Documents that
are replaced leave their postings behind, as a range of dead ones that readers cut out, until their segment is merged.
https://doi.org/10.1007/s002360050048 (log-structured merging)
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import chain, compress, groupby
from operator import itemgetter
from sys import byteorder
from typing import TYPE_CHECKING, TypeAlias

from codegen.search.fields import Found
from codegen.search.ranking import numbers
from codegen.search.rows import counted, live, packed, unpacked

if TYPE_CHECKING:
    from codegen.search.rows import Columns

MOST = 16
"""Segments: each is one more look for every term of a search."""
AT_ONCE = 8
"""The smallest ones, merged when there are too many; and further ones that are no larger than these together."""

ONE = (4).to_bytes(4, byteorder)
"""The length of a column of one document."""

_Row: TypeAlias = tuple[str, bytes]


def new_segment(connection: sqlite3.Connection) -> int:
    """A number that no segment has."""
    (number,) = connection.execute("SELECT coalesce(max(segment), 0) + 1 FROM groups").fetchone()
    return int(number)


def write_segment(connection: sqlite3.Connection, segment: int, found: Found) -> None:
    """Writes what entries say, in the table's own order."""
    weights, named = found
    rows = ((term, _packed(weights[term], named.get(term, ()))) for term in sorted(weights))
    _insert(connection, segment, rows)


def bury(connection: sqlite3.Connection, segment: int, first: int, size: int) -> None:
    """Marks documents of a segment as dead."""
    if size:
        connection.execute("INSERT INTO dead VALUES (?, ?, ?)", (segment, first, size))


def tidy(connection: sqlite3.Connection) -> None:
    """Drops segments of which nothing is alive, and merges those that are many, small, or half dead."""
    alive: dict[int, int] = dict(
        connection.execute("SELECT segment, sum(size) FROM groups WHERE size > 0 GROUP BY segment")
    )
    dead: dict[int, int] = dict(connection.execute("SELECT segment, sum(size) FROM dead GROUP BY segment"))
    _drop(connection, dead.keys() - alive.keys())
    sources = {segment for segment, size in alive.items() if dead.get(segment, 0) > size}
    if len(alive) > MOST:
        sources.update(_smallest(alive))
    if sources:
        _merge(connection, sorted(sources), new_segment(connection))


def _smallest(alive: Mapping[int, int]) -> Iterator[int]:
    """What is merged at least doubles, so that a posting is moved as often as a catalogue has doublings."""
    total = 0
    for at, segment in enumerate(sorted(alive, key=lambda segment: alive[segment])):
        if at >= AT_ONCE and alive[segment] > total:
            return
        total += alive[segment]
        yield segment


def _merge(connection: sqlite3.Connection, sources: Sequence[int], target: int) -> None:
    _insert(connection, target, _merged(connection, sources))
    connection.executemany("UPDATE groups SET segment=? WHERE segment=?", [(target, source) for source in sources])
    _drop(connection, sources)


def _merged(connection: sqlite3.Connection, sources: Iterable[int]) -> Iterator[_Row]:
    """The rows of several segments as those of one, without the dead."""
    every = merge(*(_alive(connection, source) for source in sources), key=itemgetter(0))
    for term, rows in groupby(every, itemgetter(0)):
        columns = [row[1] for row in rows]
        if len(columns) == 1:
            yield term, packed(columns[0])
            continue
        weights = sorted(
            chain.from_iterable(zip(numbers(ids), numbers(each, "H"), strict=True) for ids, each, *_ in columns)
        )
        named = sorted(chain.from_iterable(_pairs(pairs) for _, _, pairs, _ in columns))
        yield term, _packed([*chain.from_iterable(weights)], [*chain.from_iterable(named)])


def _alive(connection: sqlite3.Connection, segment: int) -> Iterator[tuple[str, Columns]]:
    dead = connection.execute("SELECT first, size FROM dead WHERE segment=? ORDER BY first", (segment,))
    gone = [(first, first + size) for first, size in dead]
    query = "SELECT term, columns FROM postings WHERE segment=? ORDER BY term"
    for term, row in connection.execute(query, (segment,)):
        documents, weights, named, rest = unpacked(row)
        kept, weighing = live(documents, weights, gone)
        pairs = (pair for pair in _pairs(named) if counted(pair[0], gone))
        if kept:
            yield term, (kept, weighing, array("I", chain.from_iterable(pairs)).tobytes() if gone else named, rest)


def _pairs(named: bytes) -> Iterator[tuple[int, int]]:
    found = numbers(named)
    return zip(found[::2], found[1::2], strict=True)


def _insert(connection: sqlite3.Connection, segment: int, rows: Iterable[_Row]) -> None:
    connection.executemany(f"INSERT INTO postings VALUES ({segment}, ?, ?)", rows)  # noqa: S608 - a number


def _drop(connection: sqlite3.Connection, segments: Iterable[int]) -> None:
    for table in ("postings", "dead"):
        connection.executemany(f"DELETE FROM {table} WHERE segment=?", ((segment,) for segment in segments))  # noqa: S608


def _packed(weights: Sequence[int], named: Sequence[int]) -> bytes:
    """Documents (4 bytes each), their weights (2), of those named by the term the length of the name (4 + 4); and the
    heaviest weight of one that is not."""
    if len(weights) == 2 and not named:  # most terms, and packed by hand in half the time
        document, weight = weights[0].to_bytes(4, byteorder), weights[1].to_bytes(2, byteorder)
        return ONE + weight + document + weight
    ids, each = weights[::2], weights[1::2]
    others = compress(each, map(frozenset(ids).difference(named[::2]).__contains__, ids)) if named else each
    columns = array("I", ids).tobytes(), array("H", each).tobytes(), array("I", named).tobytes()
    return packed((*columns, max(others, default=0)))
