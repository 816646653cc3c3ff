"""Postings to scores: BM25F sums, with what a name covered and a server that was named.

A common term is in a third of all tools, but in the names of few; and one that has no term in its name is beaten by `k`
others, mostly. So those with a name are scored first, and of the rest only what can reach these.
Loops are left to dict and map where they can be: a common term has tens of thousands of postings.
"""

from __future__ import annotations

from itertools import compress, repeat
from operator import add

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from collections.abc import Set as AbstractSet
    from typing import NamedTuple

    class Postings(NamedTuple):
        """A term's postings in all segments, as segments.py packs them."""

        rarity: float
        original: bool
        documents: bytes
        weights: bytes
        named: bytes
        rest: int

    class _Term(NamedTuple):
        """The same as numbers: a weight counts `unit`; `named` are the sizes of names.

        `rest` is the most that it adds to one outside of `chosen`, which are those to score first.
        """

        unit: float
        documents: list[int]
        weights: list[int]
        named: dict[int, int]
        chosen: Collection[int]
        rest: float

else:
    from collections import namedtuple

    Postings = namedtuple("Postings", "rarity original documents weights named rest")
    _Term = namedtuple("_Term", "unit documents weights named chosen rest")

K1 = 1.2
"""BM25's saturation: a word met twice says less than twice as much."""
COVERAGE = 0.5
"""What it adds when every word of a tool's name was asked for."""
NAMED_SERVER = 0.5
"""What it adds when the tool's server was."""
FEW = 1024
"""Postings that are added faster than it is found out whether they must be."""


def rank(lists: Sequence[Postings], favoured: Sequence[range], k: int) -> dict[int, float]:
    """The scores of the best `k` documents and of some others; `favoured` are the documents of servers named."""
    terms = [_term(postings) for postings in lists]
    chosen = frozenset().union(*(term.chosen for term in terms))
    scores = _best(_totals(chosen, terms), terms, favoured, k)
    reached = sorted(scores.values())[-k] if len(scores) >= k else 0.0
    spare = sum(term.rest for term in terms) - reached / ((1 + NAMED_SERVER) if favoured else 1)
    if lists and spare >= 0:
        others = _reaching(terms, spare) - chosen
        scores.update(_best(_totals(others, terms), terms, favoured, k))
    return scores


def numbers(packed: bytes, kind: str = "I") -> list[int]:
    """The numbers of a column of postings."""
    return memoryview(packed).cast(kind).tolist()  # type: ignore[call-overload, no-any-return]


def _term(postings: Postings) -> _Term:
    unit = postings.rarity / 65535
    documents, weights = numbers(postings.documents), numbers(postings.weights, "H")
    pairs = numbers(postings.named) if postings.original else []
    named = dict(zip(pairs[::2], pairs[1::2], strict=True))
    if len(documents) <= FEW:
        return _Term(unit, documents, weights, named, documents, 0.0)
    return _Term(unit, documents, weights, named, named, unit * (postings.rest if named else max(weights)))


def _totals(wanted: AbstractSet[int], terms: Sequence[_Term]) -> dict[int, float]:
    """What the terms add to those documents, each that has one of them."""
    totals: dict[int, float] = {}
    for term in terms:
        chosen = list(map(wanted.__contains__, term.documents))
        found = list(compress(term.documents, chosen))
        added = map(term.unit.__mul__, compress(term.weights, chosen))
        totals.update(zip(found, map(add, map(totals.get, found, repeat(0.0)), added), strict=True))
    return totals


def _reaching(terms: Sequence[_Term], spare: float) -> frozenset[int]:
    """The documents whose terms add as much as they can, but for `spare`: what one term lacks no other makes up for."""
    term = max(terms, key=lambda term: term.rest)
    if term.rest <= spare:
        return frozenset().union(*(term.documents for term in terms))
    least = int((term.rest - spare) / term.unit)  # rounded down: a sum of floats may be a little less
    return frozenset(compress(term.documents, map(least.__le__, term.weights)))


def _best(scores: dict[int, float], terms: Sequence[_Term], favoured: Sequence[range], k: int) -> dict[int, float]:
    """Those that may be among the best `k`, with what is added for the share of a name that was asked for, and for the
    name of a server."""
    if len(scores) > max(k, FEW):
        least = sorted(scores.values())[-k] / ((1 + COVERAGE) * ((1 + NAMED_SERVER) if favoured else 1))
        scores = dict(compress(scores.items(), map(least.__le__, scores.values())))
    covered: dict[int, float] = {}
    for term in terms:
        for document in scores.keys() & term.named.keys():
            size = max(1, term.named[document])  # 0 on a damaged page alone
            covered[document] = covered.get(document, 0.0) + 1 / size
    for document, share in covered.items():
        scores[document] *= 1 + COVERAGE * min(1.0, share)
    for documents in favoured:
        for document in scores.keys() & documents:
            scores[document] *= 1 + NAMED_SERVER
    return scores
