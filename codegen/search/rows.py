"""What ranking reads of the index, row by row."""

from __future__ import annotations

import sqlite3

from codegen.search.answer import Server

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Columns: TypeAlias = tuple[bytes, bytes, bytes]


def postings(connection: sqlite3.Connection, term: str, place: int | None) -> Columns:
    """The columns of a term's postings (documents, weights, named), those of all groups joined."""
    chosen, values = ("", (term,)) if place is None else (" AND grp=?", (term, place))
    rows = connection.execute(f"SELECT documents, weights, named FROM postings WHERE term=?{chosen}", values).fetchall()  # noqa: S608
    if any(len(documents) != 2 * len(weights) or len(named) % 8 for documents, weights, named in rows):
        raise sqlite3.DatabaseError("a posting is cut short")
    return b"".join([row[0] for row in rows]), b"".join([row[1] for row in rows]), b"".join([row[2] for row in rows])


def size(connection: sqlite3.Connection, place: int | None) -> int:
    """How many documents there are."""
    chosen, values = ("", ()) if place is None else (" WHERE id=?", (place,))
    row = connection.execute(f"SELECT coalesce(sum(size), 0) FROM groups{chosen}", values).fetchone()  # noqa: S608
    return int(row[0])


def servers(connection: sqlite3.Connection) -> tuple[Server, ...]:
    """All servers, and the skills, as places to look."""
    rows = connection.execute("SELECT server, folder, summary, size FROM groups WHERE size > 0 ORDER BY folder")
    return tuple(Server(name or folder, folder, summary, size) for name, folder, summary, size in rows)
