"""Reading the index: exact names first, then BM25F with synonyms and name coverage, then spelling."""

from __future__ import annotations

import os
import sqlite3
from math import log

from codegen.search.answer import Answer, Hit, Server
from codegen.search.database import DAMAGED, open_to_read, unusable
from codegen.search.literals import without_literals
from codegen.search.ranking import Postings, numbers, rank
from codegen.search.synonyms import synonyms
from codegen.search.words import STOP_WORDS, alias, fold, is_near, stem, storable, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import NamedTuple

    from codegen.errors import UsageError

    class _Look(NamedTuple):
        k: int
        place: int | None
        favoured: list[range]

else:
    from collections import namedtuple

    _Look = namedtuple("_Look", "k place favoured")

SYNONYM = 0.3
"""What a synonym counts against the word itself."""
WEAK = 0.12
"""Of what a perfect hit would score: below it, the words met are beside the point."""
LONGEST_QUERY = 8_000
"""Characters of a query that are read: a pasted log says no more in its second page."""
MOST_TERMS = 64
MOST_HITS = 1000
RESPELLED = 4
"""Terms of a query whose spelling is mended, when nothing was found: each costs a walk over the vocabulary."""


def search(
    db: str | os.PathLike[str], queries: Sequence[str], *, k: int = 5, server: str | None = None
) -> list[Answer]:
    """The best `k` tools and skills for each query; `server` (wire or folder name) looks in that one alone.

    Raises UsageError for an empty query or an unknown server, WorkspaceError when there is no usable index.
    """
    asked = [queries] if isinstance(queries, str) else list(queries)
    if not asked or not all(query.strip() for query in asked):
        raise _usage("an empty query finds nothing")
    if not 1 <= k <= MOST_HITS:
        raise _usage(f"k is {k}: ask for 1 to {MOST_HITS} hits")
    connection = open_to_read(db)
    try:
        connection.execute("BEGIN")  # every query of an answer sees the same commit
        place = _place(connection, server)
        return [_answer(connection, query, k, place) for query in asked]
    except DAMAGED as error:
        raise unusable(os.fspath(db), f"can't be read: {error}") from error
    finally:
        connection.close()


def lookup(db: str | os.PathLike[str], path: str) -> Hit | None:
    """The tool or skill of exactly that name: `github.create_issue`, the wire name, or a file's path."""
    connection = open_to_read(db)
    try:
        hits = _hits(connection, dict.fromkeys(_named(connection, path, None), 1.0), 1)
        return hits[0] if hits else None
    except DAMAGED as error:
        raise unusable(os.fspath(db), f"can't be read: {error}") from error
    finally:
        connection.close()


def paths(db: str | os.PathLike[str]) -> list[str]:
    """The path of every tool and skill. Raises WorkspaceError when there is no usable index."""
    connection = open_to_read(db)
    try:
        return [path for (path,) in connection.execute("SELECT path FROM documents")]
    except sqlite3.DatabaseError as error:
        raise unusable(os.fspath(db), f"can't be read: {error}") from error
    finally:
        connection.close()


def _answer(connection: sqlite3.Connection, query: str, k: int, place: int | None) -> Answer:
    text = query[:LONGEST_QUERY]
    asked = _asked(text)
    look = _Look(k, place, _named_servers(connection, text))
    scores, perfect = _scores(connection, asked, look)
    if not scores:
        scores, perfect = _scores(connection, _respelled(connection, asked, place), look)
    top = max(scores.values(), default=0.0)
    exact = _named(connection, text, place)
    for at, document in enumerate(exact):
        scores[document] = 2 * (top or 1.0) + len(exact) - at
    hits = _hits(connection, scores, k)
    weak = not hits or (not exact and top < WEAK * perfect)
    return Answer(query, hits, weak, _servers(connection) if weak else ())


def _asked(text: str) -> list[str]:
    """The terms of a request, each once; its stop words only when it has nothing else (`who am i`)."""
    found = list(words(without_literals(text)))
    kept = [word for word in found if word not in STOP_WORDS]
    return list(dict.fromkeys(map(stem, kept or found)))[:MOST_TERMS]


def _scores(connection: sqlite3.Connection, asked: Iterable[str], look: _Look) -> tuple[dict[int, float], float]:
    """The scores of the best documents, and what a perfect one would score."""
    weights = dict.fromkeys(asked, 1.0)
    originals = len(weights)
    for term in list(weights):
        for other in synonyms(term):
            weights.setdefault(other, SYNONYM)
    total = _size(connection, look.place)
    lists = []
    for at, (term, weight) in enumerate(weights.items()):
        columns = _postings(connection, term, look.place)
        having = len(columns[0]) // 4
        rarity = weight * log(1 + (total - having + 0.5) / (having + 0.5))
        lists.append(Postings(rarity, at < originals, *columns))
    perfect = sum(postings.rarity for postings in lists if postings.original)
    return rank([postings for postings in lists if postings.documents], look.favoured, look.k), perfect


def _respelled(connection: sqlite3.Connection, asked: Iterable[str], place: int | None) -> list[str]:
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


def _postings(connection: sqlite3.Connection, term: str, place: int | None) -> tuple[bytes, bytes, bytes]:
    """The columns of a term's postings, those of all groups joined."""
    chosen, values = ("", (term,)) if place is None else (" AND grp=?", (term, place))
    rows = connection.execute(f"SELECT documents, weights, named FROM postings WHERE term=?{chosen}", values).fetchall()  # noqa: S608
    if any(len(documents) != 2 * len(weights) or len(named) % 8 for documents, weights, named in rows):
        raise sqlite3.DatabaseError("a posting is cut short")
    return b"".join([row[0] for row in rows]), b"".join([row[1] for row in rows]), b"".join([row[2] for row in rows])


def _size(connection: sqlite3.Connection, place: int | None) -> int:
    chosen, values = ("", ()) if place is None else (" WHERE id=?", (place,))
    row = connection.execute(f"SELECT coalesce(sum(size), 0) FROM groups{chosen}", values).fetchone()  # noqa: S608
    return int(row[0])


def _named_servers(connection: sqlite3.Connection, text: str) -> list[range]:
    """The documents of the servers a request names: "brave search for cats" is about brave-search."""
    found = list(words(text))[:MOST_TERMS]
    runs = {"".join(found[at : at + size]) for at in range(len(found)) for size in (1, 2, 3)}
    marks = ",".join("?" * len(runs))
    rows = connection.execute(f"SELECT first, size FROM groups WHERE alias IN ({marks})", list(runs))  # noqa: S608
    return [range(first, first + size) for first, size in rows]


def _named(connection: sqlite3.Connection, text: str, place: int | None) -> list[int]:
    """The documents whose whole name the query is, in any of its spellings."""
    name = text.strip().strip("`'\"").removesuffix("()")
    if not name or any(map(str.isspace, name)):
        return []
    name = fold(name).removesuffix(".py").removeprefix("./").removeprefix("servers/").removeprefix("mcp__")
    for spelling in (name, name.replace("/", "."), name.replace("__", ".", 1), name.replace(":", ".", 1)):
        key = "=" + storable(spelling).removeprefix("servers.")
        found = numbers(_postings(connection, key, place)[0])
        if found:
            return found
    return []


def _hits(connection: sqlite3.Connection, scores: dict[int, float], k: int) -> tuple[Hit, ...]:
    """The best `k`; of equals a skill comes first, since it was written for this very workspace."""
    order = sorted(scores.values(), reverse=True)[:k]
    if not order:
        return ()
    least = order[-1] - 0.001
    near = sorted((document for document, score in scores.items() if score >= least), key=lambda at: -scores[at])
    near = near[: k + 100]  # of hundreds of equals, any
    marks = ",".join("?" * len(near))
    rows = connection.execute(
        f"SELECT id, path, signature, summary, brief, effect FROM documents WHERE id IN ({marks})",  # noqa: S608
        near,
    )
    hits = [Hit(row[1], row[2], row[3], row[4], round(scores[row[0]], 3), row[5]) for row in rows]
    hits.sort(key=lambda hit: (-hit.score, not hit.path.startswith("skills."), hit.path))
    return tuple(hits[:k])


def _servers(connection: sqlite3.Connection) -> tuple[Server, ...]:
    rows = connection.execute("SELECT server, folder, summary, size FROM groups WHERE size > 0 ORDER BY folder")
    return tuple(Server(name or folder, folder, summary, size) for name, folder, summary, size in rows)


def _place(connection: sqlite3.Connection, server: str | None) -> int | None:
    """The group a `server` filter means. Raises UsageError that says which there are."""
    if server is None:
        return None
    wanted = storable(server)
    row = connection.execute(
        "SELECT id FROM groups WHERE :it IN (server, folder) ORDER BY server=:it DESC", {"it": wanted}
    ).fetchone()
    if row is None:
        row = connection.execute("SELECT id FROM groups WHERE alias=?", (alias(server[:200]),)).fetchone()
    if row is not None:
        return int(row[0])
    from codegen.errors import nearest

    known = [folder for (folder,) in connection.execute("SELECT folder FROM groups ORDER BY folder")]
    close = nearest(server[:200], known) or f"there are {', '.join(known[:20])}" if known else "nothing is indexed yet"
    raise _usage(f"no server is called {server[:80]!r}", close)


def _usage(what: str, hint: str = 'say what you want to do: codegen search "open an issue"') -> UsageError:
    from codegen.errors import UsageError as Error

    return Error(what, hint=hint)
