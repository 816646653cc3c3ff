from __future__ import annotations

from codegen.search.stems import stem
from codegen.search.synonyms import synonyms


def test_synonyms_are_mutual_and_never_the_word_itself() -> None:
    for word in ("delete", "folder", "picture", "email"):
        others = synonyms(stem(word))
        assert others and stem(word) not in others
        assert all(stem(word) in synonyms(other) for other in others)


def test_an_unknown_word_has_none() -> None:
    assert synonyms("xyzzy") == ()
