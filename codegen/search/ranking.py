"""Postings to scores: BM25F sums, with what a name covered and a server that was named; common terms looked up late.

A common term is in a third of all tools and tells little. Terms come rarest first, and once no new document can reach
the best `k` any more, the rest only adds to those that still can: the same best `k`, for a fraction of the postings.
"""

from __future__ import annotations

from bisect import bisect_left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NamedTuple

    class Postings(NamedTuple):
        """One term's documents: a blob for each group; each 8 bytes are document, weight, words in the name."""

        rarity: float
        original: bool
        blobs: list[bytes]

else:
    from collections import namedtuple

    Postings = namedtuple("Postings", "rarity original blobs")

COVERAGE = 0.5
"""What it adds when every word of a tool's name was asked for."""
NAMED_SERVER = 0.5
"""What it adds when the tool's server was."""
FEW = 256
"""Postings that are read faster than it is found out whether they must be."""


def rank(lists: Sequence[Postings], favoured: Sequence[range], k: int) -> dict[int, float]:
    """The scores of the best `k` documents and of some others; `favoured` are the documents of servers named."""
    scores: dict[int, float] = {}
    covered: dict[int, float] = {}
    ceiling = (1 + COVERAGE) * ((1 + NAMED_SERVER) if favoured else 1)
    left = sum(postings.rarity for postings in lists)
    closed: list[int] = []  # the documents that can still be among the best, ascending, once that is known
    for rarity, original, blobs in sorted(lists, key=lambda postings: -postings.rarity):
        if sum(map(len, blobs)) > 8 * FEW and len(scores) > k:
            least = sorted(scores.values())[-k]
            if closed or left * ceiling < least:
                closed = sorted(document for document, score in scores.items() if (score + left) * ceiling >= least)
                scores = {document: scores[document] for document in closed}
        left -= rarity
        blob = b"".join(_touching(blobs, closed) if closed else blobs)
        _add(scores, covered if original else None, blob, rarity / 65535, known=bool(closed))
    for document, share in covered.items():
        if document in scores:
            scores[document] *= 1 + COVERAGE * min(1.0, share)
    for documents in favoured:
        for document in documents:
            if document in scores:
                scores[document] *= 1 + NAMED_SERVER
    return scores


def documents_in(blobs: Sequence[bytes]) -> list[int]:
    """The documents of postings, ascending within each blob."""
    return [packed >> 32 for blob in blobs for packed in memoryview(blob).cast("Q")]


def _add(scores: dict[int, float], covered: dict[int, float] | None, blob: bytes, unit: float, *, known: bool) -> None:
    """Adds a term's weights; with `known`, to documents that have a score already."""
    for packed in memoryview(blob).cast("Q"):
        document = packed >> 32
        if document in scores:
            scores[document] += unit * (packed >> 16 & 0xFFFF)
        elif known:
            continue
        else:
            scores[document] = unit * (packed >> 16 & 0xFFFF)
        if covered is not None and packed & 0xFFFF:
            covered[document] = covered.get(document, 0.0) + 1 / (packed & 0xFFFF)


def _touching(blobs: Sequence[bytes], documents: Sequence[int]) -> list[bytes]:
    """The blobs whose range of documents holds one of `documents`."""
    kept = []
    for blob in blobs:
        ends = memoryview(blob).cast("Q")
        at = bisect_left(documents, ends[0] >> 32)
        if at < len(documents) and documents[at] <= ends[-1] >> 32:
            kept.append(blob)
    return kept
