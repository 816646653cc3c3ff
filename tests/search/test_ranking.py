from __future__ import annotations

import random
from array import array

import pytest

from codegen.search.ranking import Postings, numbers, rank


def postings(rarity: float, original: bool, *rows: tuple[int, int, int]) -> Postings:
    """Rows of (document, weight, words in its name when the term is one of them, else 0)."""
    named = [number for document, _, size in rows if size for number in (document, size)]
    columns = (array("I", [row[0] for row in rows]), array("H", [row[1] for row in rows]), array("I", named))
    rest = max((weight for _, weight, size in rows if not size), default=0)
    return Postings(rarity, original, *(column.tobytes() for column in columns), rest)


def test_a_rare_term_weighs_more_than_a_common_one() -> None:
    scores = rank([postings(3.0, True, (1, 30000, 0)), postings(1.0, True, (2, 30000, 0))], (), 5)
    assert scores[1] == pytest.approx(3 * scores[2])


def test_a_name_wholly_asked_for_gains_half() -> None:
    scores = rank([postings(1.0, True, (1, 30000, 1), (2, 30000, 2), (3, 30000, 0))], (), 5)
    assert scores[1] == pytest.approx(1.5 * scores[3])
    assert scores[2] == pytest.approx(1.25 * scores[3])


def test_a_synonym_covers_no_name() -> None:
    scores = rank([postings(1.0, False, (1, 30000, 1), (2, 30000, 0))], (), 5)
    assert scores[1] == scores[2]


def test_documents_of_a_named_server_gain_half() -> None:
    scores = rank([postings(1.0, True, (1, 30000, 0), (7, 30000, 0))], [range(7, 9)], 5)
    assert scores[7] == pytest.approx(1.5 * scores[1])
    assert 8 not in scores


@pytest.mark.parametrize("seed", range(20))
def test_the_best_are_the_same_with_and_without_short_cuts(seed: int) -> None:
    chance = random.Random(seed)
    lists = []
    for common in (0.01, 0.02, 0.3, 0.6, 0.9):
        rows = [
            (document, chance.randint(1, 65535), chance.choice((0, 0, 1, 3)))
            for document in range(3000)
            if chance.random() < common
        ]
        lists.append(postings(4.0 * (1 - common) + 0.1, common != 0.6, *rows))
    favoured = [range(40, 60)] if seed % 2 else []
    best = sorted(rank(lists, favoured, 5).items(), key=lambda item: -item[1])[:5]
    thorough = sorted(rank(lists, favoured, 3000).items(), key=lambda item: -item[1])[:5]
    assert [document for document, _ in best] == [document for document, _ in thorough]
    assert [score for _, score in best] == pytest.approx([score for _, score in thorough])


def test_postings_give_back_their_documents() -> None:
    assert numbers(postings(1.0, True, (3, 1, 0), (2**31, 65535, 0)).documents) == [3, 2**31]
