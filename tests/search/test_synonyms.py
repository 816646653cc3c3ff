from __future__ import annotations

from pathlib import Path

from codegen.search.stems import stem
from codegen.search.synonyms import own_synonyms, synonyms


def test_synonyms_are_mutual_and_never_the_word_itself() -> None:
    for word in ("delete", "folder", "picture", "email"):
        others = synonyms(stem(word))
        assert others and stem(word) not in others
        assert all(stem(word) in synonyms(other) for other in others)


def test_an_unknown_word_has_none() -> None:
    assert synonyms("xyzzy") == ()


def test_a_workspace_says_its_own(tmp_path: Path) -> None:
    file = tmp_path / "synonyms.txt"
    file.write_bytes("# ours\npast due, late: Mahnung  # dunning\n\n\xff\nBestellung = order\n".encode("latin-1"))
    own = own_synonyms(str(file))
    assert set(own["lat"]) == {"past", "due", "mahnung"}
    assert own["bestellung"] == ("order",)
    assert "our" not in own and "dunn" not in own


def test_a_missing_file_says_nothing(tmp_path: Path) -> None:
    assert own_synonyms(str(tmp_path / "synonyms.txt")) == {}
    assert own_synonyms(str(tmp_path)) == {}
