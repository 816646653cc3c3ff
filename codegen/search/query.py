"""Reading the index: exact names first, then BM25F with synonyms, earlier uses and name coverage, then spelling."""

from __future__ import annotations

import os
import sqlite3
from math import log

from codegen.search.answer import Answer, Hit
from codegen.search.database import DAMAGED, open_to_read, unusable
from codegen.search.literals import without_literals
from codegen.search.names import documents_at, folders, group_of, named, named_servers, rows_of
from codegen.search.ranking import Postings, rank
from codegen.search.request import agreement, read_request
from codegen.search.rows import postings, segments, servers
from codegen.search.spelling import respelled
from codegen.search.stems import stem
from codegen.search.synonyms import own_synonyms, synonyms
from codegen.search.uses import joined, learned
from codegen.search.words import STOP_WORDS, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import NamedTuple

    from codegen.errors import UsageError
    from codegen.search.request import Request
    from codegen.search.rows import Segments

    class _Look(NamedTuple):
        """What is the same for all queries of a search: where to look and what this workspace adds."""

        k: int
        where: Segments
        own: Mapping[str, tuple[str, ...]]
        uses: str
        total: int

else:
    from collections import namedtuple

    _Look = namedtuple("_Look", "k where own uses total")

SYNONYM = 0.3
"""What a synonym counts against the word itself."""
OWN_SYNONYM = 0.8
"""And one that the workspace's own file says."""
FEWEST = 100
"""Documents that rarity is reckoned from at least: among twenty tools a word is rare or common by chance."""
CLOSE = 0.5
"""The cosine from which a meaning without a word in common makes an answer that isn't weak."""
TELLING = 4
"""Words of a request that a good hit may be expected to have; a long one tells more than any tool is about."""
WEAK = 0.2
"""Of what a hit with these words would score: below it, the words met are beside the point."""
SPARE = 20
"""Hits that are looked at beyond those asked for, since some may be put further down."""
LONGEST_QUERY = 8_000
"""Characters of a query that are read: a pasted log says no more in its second page."""
MOST_TERMS = 64
MOST_HITS = 1000


def search(
    db: str | os.PathLike[str],
    queries: Sequence[str],
    *,
    k: int = 5,
    server: str | None = None,
    synonyms_file: str = "",
    uses: str = "",
) -> list[Answer]:
    """The best `k` tools and skills for each query; `server` (wire or folder name) looks in that one alone.

    `synonyms_file` and `uses` are a workspace's own, and may be missing. Raises UsageError for an empty query or an
    unknown server, WorkspaceError when there is no usable index.
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
        own = own_synonyms(synonyms_file) if synonyms_file else {}
        where, total = segments(connection, place)
        look = _Look(k, where, own, uses, max(FEWEST, total))
        texts = [query[:LONGEST_QUERY] for query in asked]
        near = _near(connection, texts, place, db)
        return [_answer(connection, query, look, cosines) for query, cosines in zip(asked, near, strict=True)]
    except DAMAGED as error:
        raise unusable(os.fspath(db), f"can't be read: {error}") from error
    finally:
        connection.close()


def asked_terms(text: str) -> list[str]:
    """The terms of a request, each once; its stop words only when it has nothing else (`who am i`)."""
    found = list(words(without_literals(text)))
    kept = [word for word in found if word not in STOP_WORDS]
    return list(dict.fromkeys(map(stem, kept or found)))[:MOST_TERMS]


def _near(
    connection: sqlite3.Connection, texts: list[str], place: int | None, db: str | os.PathLike[str]
) -> list[dict[int, float]]:
    """How near the documents' meanings are to each text's; nothing in an index without vectors.

    Nor where what made them is gone: words are found all the same.
    """
    row = connection.execute("SELECT embedder FROM groups WHERE id=(SELECT min(grp) FROM vectors)").fetchone()
    if row is None:
        return [{} for _ in texts]
    from codegen.errors import ConfigError
    from codegen.search.meaning import meaning

    try:
        made = meaning(row[0], os.path.dirname(os.path.dirname(os.path.abspath(db))))
    except ConfigError:
        made = None
    if made is None:
        return [{} for _ in texts]
    from codegen.search.vectors import similar

    return similar(connection, made.name, made.embed(texts), place)


def _answer(connection: sqlite3.Connection, query: str, look: _Look, near: dict[int, float]) -> Answer:
    text = query[:LONGEST_QUERY]
    asked = asked_terms(text)
    weights = _weighted(asked, look.own)
    favoured = named_servers(connection, text)
    scores, perfect = _scores(connection, weights, look, favoured)
    close = max(near.values(), default=0.0) >= CLOSE
    if not scores and not close:
        weights = _weighted(respelled(connection, asked, look.where), look.own)
        scores, perfect = _scores(connection, weights, look, favoured)
    top = max(scores.values(), default=0.0)
    weak = top < WEAK * perfect and not close
    if near:
        from codegen.search.vectors import fused

        scores = fused(scores, near)
        top = max(scores.values(), default=0.0)
    exact = named(connection, text, look.where)
    for at, document in enumerate(exact):
        scores[document] = 2 * (top or 1.0) + len(exact) - at
    hits = _hits(connection, scores, look.k, None if exact else read_request(without_literals(text), look.own))
    weak = not hits or (weak and not exact)
    return Answer(query, hits, weak, servers(connection) if weak else ())


def _weighted(asked: Iterable[str], own: Mapping[str, tuple[str, ...]]) -> dict[str, float]:
    """What each term counts: those asked for 1, and first; then their synonyms."""
    weights = dict.fromkeys(asked, 1.0)
    for others, weight in ((own.get, OWN_SYNONYM), (synonyms, SYNONYM)):
        for term in [term for term, counted in weights.items() if counted == 1.0]:
            for other in others(term) or ():
                weights.setdefault(other, weight)
    return weights


def _scores(
    connection: sqlite3.Connection, weights: Mapping[str, float], look: _Look, favoured: Sequence[range]
) -> tuple[dict[int, float], float]:
    """The scores of the best documents, and what one would score that has the most telling words."""
    before = learned(look.uses, [term for term, weight in weights.items() if weight == 1.0]) if look.uses else {}
    lists = []
    for term, weight in weights.items():
        columns = postings(connection, term, look.where)
        if term in before:
            columns = joined(columns, _numbered(connection, before[term], look.where))
        having = len(columns[0]) // 4
        rarity = weight * log(1 + (look.total - having + 0.5) / (having + 0.5))
        lists.append(Postings(rarity, weight == 1.0, *columns))
    perfect = sum(sorted((each.rarity for each in lists if each.original), reverse=True)[:TELLING])
    return rank([each for each in lists if each.documents], favoured, look.k + SPARE), perfect


def _numbered(connection: sqlite3.Connection, used: Mapping[str, float], where: Segments) -> dict[int, float]:
    """What was learned by path, by document: a tool that is gone has none."""
    return {document: weight for path, weight in used.items() for document in documents_at(connection, path, where)}


def _hits(connection: sqlite3.Connection, scores: dict[int, float], k: int, request: Request | None) -> tuple[Hit, ...]:
    """The best `k`; of equals a skill comes first, since it was written for this very workspace.

    `request` is what they are held against; None: they were named.
    """
    order = sorted(scores.values(), reverse=True)[: k + SPARE]
    if not order:
        return ()
    least = order[-1] - 0.001
    near = sorted((document for document, score in scores.items() if score >= least), key=lambda at: -scores[at])
    hits = []
    for row in rows_of(connection, near[: k + SPARE + 100]):  # of hundreds of equals, any
        share = agreement(row[1].rpartition(".")[2], row[5], request) if request else 1.0
        hits.append(Hit(*row[1:5], round(scores[row[0]] * share, 3), row[5]))
    hits.sort(key=lambda hit: (-hit.score, not hit.is_skill, hit.path))
    return tuple(hits[:k])


def _place(connection: sqlite3.Connection, server: str | None) -> int | None:
    """The group a `server` filter means. Raises UsageError that says which there are."""
    if server is None:
        return None
    found = group_of(connection, server)
    if found is not None:
        return found
    from codegen.errors import nearest

    known = folders(connection)
    close = nearest(server[:200], known) or f"there are {', '.join(known[:20])}" if known else "nothing is indexed yet"
    raise _usage(f"no server is called {server[:80]!r}", close)


def _usage(what: str, hint: str = 'say what you want to do: codegen search "open an issue"') -> UsageError:
    from codegen.errors import UsageError as Error

    return Error(what, hint=hint)
