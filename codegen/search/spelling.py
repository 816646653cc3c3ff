"""What a misspelt request may have meant: only asked when nothing was found, for each term is a walk."""

from __future__ import annotations

import sqlite3
from itertools import islice

from codegen.search.rows import postings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.search.rows import Segments

RESPELLED = 4
"""Terms of a query that are mended."""


def respelled(connection: sqlite3.Connection, asked: Iterable[str], where: Segments) -> list[str]:
    """The indexed terms most like those asked for: the same beginning, or one slip of the keyboard away."""
    found: dict[str, None] = {}
    for term in list(asked)[:RESPELLED]:
        if len(term) >= 3:
            known = [other for first in dict.fromkeys(term[:2]) for other in _vocabulary(connection, first, where)]
            close = [other for other in known if other.startswith(term) or is_near(term, other)]
            close.sort(key=lambda other: abs(len(other) - len(term)))
            counted = (other for other in close if postings(connection, other, where)[0])
            found.update(dict.fromkeys(islice(counted, 3)))
    return list(found)


def _vocabulary(connection: sqlite3.Connection, first: str, where: Segments) -> list[str]:
    """The terms that begin with a letter, those of dead documents as well."""
    marks = ",".join(map(str, where))
    rows = connection.execute(
        f"SELECT DISTINCT term FROM postings WHERE segment IN ({marks}) AND term >= ? AND term < ?",  # noqa: S608 - numbers
        (first, first + "\U0010ffff"),
    )
    return sorted(term for (term,) in rows)


def is_near(one: str, other: str) -> bool:
    """Whether two words are one insertion, deletion, replacement or swap apart (two from eight letters on)."""
    allowed = 2 if len(one) >= 8 else 1
    if abs(len(one) - len(other)) > allowed:
        return False
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        before, last, row = row, before, [at]
        for to, char in enumerate(other, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != char))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == char:
                cost = min(cost, last[to - 2] + 1)
            row.append(cost)
        if min(row) > allowed:
            return False
    return row[-1] <= allowed
