"""Finding by name: a tool or skill by its whole name, servers by theirs."""

from __future__ import annotations

import os
import sqlite3

from codegen.search.answer import Hit
from codegen.search.database import DAMAGED, open_to_read, unusable
from codegen.search.ranking import numbers
from codegen.search.rows import postings, segments
from codegen.search.words import alias, fold, storable, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.model import Effect
    from codegen.search.rows import Segments

MOST_WORDS = 64
"""Of a request, in which a server's name is looked for."""


def lookup(db: str | os.PathLike[str], path: str) -> Hit | None:
    """The tool or skill of exactly that name: `github.create_issue`, the wire name, or a file's path."""
    connection = open_to_read(db)
    try:
        connection.execute("BEGIN")  # one commit for all that is read
        rows = rows_of(connection, named(connection, path, segments(connection, None)[0]))
        return min(
            (Hit(*row[1:5], 1.0, row[5]) for row in rows), key=lambda hit: (not hit.is_skill, hit.path), default=None
        )
    except DAMAGED as error:
        raise unusable(os.fspath(db), f"can't be read: {error}") from error
    finally:
        connection.close()


def paths(db: str | os.PathLike[str]) -> list[str]:
    """The path of every tool and skill. Raises WorkspaceError when there is no usable index."""
    connection = open_to_read(db)
    try:
        return [path for (path,) in connection.execute("SELECT path FROM documents")]
    except DAMAGED as error:
        raise unusable(os.fspath(db), f"can't be read: {error}") from error
    finally:
        connection.close()


def rows_of(connection: sqlite3.Connection, documents: Iterable[int]) -> list[tuple[int, str, str, str, str, Effect]]:
    """Number, path, signature, summary, brief and effect of some documents."""
    wanted = list(documents)
    marks = ",".join("?" * len(wanted))
    return connection.execute(
        f"SELECT id, path, signature, summary, brief, effect FROM documents WHERE id IN ({marks})",  # noqa: S608
        wanted,
    ).fetchall()


def named(connection: sqlite3.Connection, text: str, where: Segments) -> list[int]:
    """The documents whose whole name a text is, in any of its spellings."""
    name = text.strip().strip("`'\"").removesuffix("()")
    if not name or any(map(str.isspace, name)):
        return []
    name = fold(name).removesuffix(".py").removeprefix("./").removeprefix("servers/").removeprefix("mcp__")
    for spelling in (name, name.replace("/", "."), name.replace("__", ".", 1), name.replace(":", ".", 1)):
        key = "=" + storable(spelling).removeprefix("servers.")
        found = numbers(postings(connection, key, where)[0])
        if found:
            return found
    return []


def documents_at(connection: sqlite3.Connection, path: str, where: Segments) -> list[int]:
    """The documents of exactly that path."""
    found = numbers(postings(connection, "=" + fold(path), where)[0])
    return [row[0] for row in rows_of(connection, found) if row[1] == path] if found else []


def named_servers(connection: sqlite3.Connection, text: str) -> list[range]:
    """The documents of the servers a request names: "brave search for cats" is about brave-search."""
    found = list(words(text))[:MOST_WORDS]
    runs = {"".join(found[at : at + size]) for at in range(len(found)) for size in (1, 2, 3)}
    marks = ",".join("?" * len(runs))
    rows = connection.execute(f"SELECT first, size FROM groups WHERE alias IN ({marks})", list(runs))  # noqa: S608
    return [range(first, first + size) for first, size in rows]


def group_of(connection: sqlite3.Connection, server: str) -> int | None:
    """The group of a server by its wire name, its folder, or what it is called."""
    wanted = storable(server)
    row = connection.execute(
        "SELECT id FROM groups WHERE :it IN (server, folder) ORDER BY server=:it DESC", {"it": wanted}
    ).fetchone()
    row = row or connection.execute("SELECT id FROM groups WHERE alias=?", (alias(server[:200]),)).fetchone()
    return int(row[0]) if row else None


def folders(connection: sqlite3.Connection) -> list[str]:
    """The folders of all groups."""
    return [folder for (folder,) in connection.execute("SELECT folder FROM groups ORDER BY folder")]
