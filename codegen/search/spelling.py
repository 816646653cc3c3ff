"""What a misspelt request may have meant: only asked when nothing was found, for each term is a walk."""

from __future__ import annotations

import sqlite3

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

RESPELLED = 4
"""Terms of a query that are mended."""


def respelled(connection: sqlite3.Connection, asked: Iterable[str], place: int | None) -> list[str]:
    """The indexed terms most like those asked for: the same beginning, or one slip of the keyboard away."""
    found: dict[str, None] = {}
    for term in list(asked)[:RESPELLED]:
        if len(term) >= 3:
            known = [other for first in dict.fromkeys(term[:2]) for other in _vocabulary(connection, first, place)]
            close = [other for other in known if other.startswith(term) or is_near(term, other)]
            found.update(dict.fromkeys(sorted(close, key=lambda other: abs(len(other) - len(term)))[:3]))
    return list(found)


def _vocabulary(connection: sqlite3.Connection, first: str, place: int | None) -> list[str]:
    """The terms that begin with a letter, by leaps: a scan would read every posting of theirs."""
    rows = connection.execute(
        """WITH RECURSIVE leap(term) AS (
            SELECT min(term) FROM postings WHERE term >= :first
            UNION ALL SELECT (SELECT min(term) FROM postings WHERE term > leap.term) FROM leap WHERE leap.term < :end
        ) SELECT term FROM leap WHERE term < :end
        AND (:place IS NULL OR EXISTS (SELECT 1 FROM postings WHERE postings.term=leap.term AND grp=:place))""",
        {"first": first, "end": chr(ord(first) + 1), "place": place},
    )
    return [term for (term,) in rows]


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
