"""Postings to scores: BM25F sums, with what a name covered and a server that was named; common terms looked up late.

A common term is in a third of all tools and tells little. Terms come rarest first, and once no new document can reach
the best `k` any more, the rest only adds to those that still can: the same best `k`, for a fraction of the postings.
"""

from __future__ import annotations

from codegen.search.words import terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from typing import NamedTuple

    class Postings(NamedTuple):
        """A term's postings in all groups, as index.py packs them."""

        rarity: float
        original: bool
        documents: bytes
        weights: bytes
        named: bytes

else:
    from collections import namedtuple

    Postings = namedtuple("Postings", "rarity original documents weights named")

K1 = 1.2
"""BM25's saturation: a word met twice says less than twice as much."""
UNASKED = 0.7
"""What is left of the score of a tool that destroys, where the request has no word for that."""
DESTROYING = frozenset({"delet", "remov", "eras", "drop", "destroy", "clear", "purg", "trash", "wip", "uninstall"})
"""Stems of the verbs by which a tool is known to destroy where its server gives no hint."""
COVERAGE = 0.5
"""What it adds when every word of a tool's name was asked for."""
NAMED_SERVER = 0.5
"""What it adds when the tool's server was."""
FEW = 1024
"""Postings that are added faster than it is found out whether they must be."""


def rank(lists: Sequence[Postings], favoured: Sequence[range], k: int) -> dict[int, float]:
    """The scores of the best `k` documents and of some others; `favoured` are the documents of servers named."""
    scores: dict[int, float] = {}
    ceiling = (1 + COVERAGE) * ((1 + NAMED_SERVER) if favoured else 1)
    left = sum(postings.rarity for postings in lists)
    closed = False
    for postings in sorted(lists, key=lambda postings: -postings.rarity):
        if len(postings.documents) > 4 * FEW and len(scores) > k:
            least = sorted(scores.values())[-k]
            closed = closed or left * ceiling < least
            if closed:
                scores = {document: score for document, score in scores.items() if (score + left) * ceiling >= least}
        left -= postings.rarity
        _add(scores, postings, closed=closed)
    for document, share in _covered(lists, scores).items():
        scores[document] *= 1 + COVERAGE * min(1.0, share)
    for documents in favoured:
        for document in documents:
            if document in scores:
                scores[document] *= 1 + NAMED_SERVER
    return scores


def harmless(name: str, effect: str, asked: AbstractSet[str]) -> float:
    """What part of its score a tool keeps: "late orders" shall offer to list some before it offers to delete one."""
    named = terms(name)
    destroying = DESTROYING.intersection(named[:2]) or (set(named[:1]) if effect == "destructive" else set())
    return UNASKED if destroying and not destroying & asked else 1.0


def numbers(packed: bytes, kind: str = "I") -> list[int]:
    """The numbers of a column of postings."""
    return memoryview(packed).cast(kind).tolist()  # type: ignore[call-overload, no-any-return]


def _add(scores: dict[int, float], postings: Postings, *, closed: bool) -> None:
    """Adds a term's weights; when `closed`, to documents that have a score already.

    Loops are left to dict and set where they can be: a common term has tens of thousands of postings.
    """
    unit = postings.rarity / 65535
    added = dict(zip(numbers(postings.documents), map(unit.__mul__, numbers(postings.weights, "H")), strict=True))
    both = scores.keys() & added.keys()
    if closed:
        for document in both:
            scores[document] += added[document]
        return
    for document in both:
        added[document] += scores[document]
    scores.update(added)


def _covered(lists: Sequence[Postings], scores: dict[int, float]) -> dict[int, float]:
    """Of each document's name, the share that was asked for."""
    covered: dict[int, float] = {}
    for postings in lists:
        if postings.original:
            named = numbers(postings.named)
            for document, size in zip(named[::2], named[1::2], strict=True):
                if document in scores:
                    covered[document] = covered.get(document, 0.0) + 1 / max(1, size)  # 0 on a damaged page alone
    return covered
