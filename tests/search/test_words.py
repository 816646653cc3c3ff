from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.search.spelling import is_near
from codegen.search.stems import stem
from codegen.search.words import alias, fold, storable, terms, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("create_issue", ["create", "issue"]),
        ("createIssue", ["create", "issue"]),
        ("get-pull.request/files", ["get", "pull", "request", "files"]),
        ("HTTPServer", ["http", "server", "httpserver"]),
        ("GitHub", ["git", "hub", "github"]),
        ("listURLs", ["list", "urls"]),
        ("the APIs of iOS", ["the", "apis", "of", "ios"]),
        ("base64 v2", ["base64", "v2"]),
        ("user's", ["users"]),
        ("", []),
        ("?! -- \x00", []),
    ],
)
def test_identifiers_fall_into_their_words(text: str, expected: list[str]) -> None:
    assert list(words(text)) == expected


def test_scripts_without_spaces_become_pairs() -> None:
    assert list(words("获取天气 forecast")) == ["获取", "取天", "天气", "forecast"]
    assert list(words("新get新闻")) == ["新", "get", "新闻"]
    assert list(words("이슈를")) == ["이슈", "슈를"]


def test_marks_stay_within_their_words() -> None:
    assert list(words("मौसम की जानकारी")) == ["मौसम", "की", "जानकारी"]


def test_width_case_and_accents_do_not_matter() -> None:
    assert list(words("ＲÉSUMÉ Straße")) == ["resume", "strasse"]  # noqa: RUF001
    assert fold("GITHUB．Créer") == "github.creer"  # noqa: RUF001


@pytest.mark.parametrize(
    "family",
    [
        ["create", "creates", "created", "creating", "creation"],
        ["delete", "deletes", "deleting", "deletion"],
        ["issue", "issues"],
        ["query", "queries"],
        ["search", "searches", "searching"],
        ["plan", "plans", "planning", "planned"],
        ["box", "boxes"],
        ["convert", "converter", "converting"],
    ],
)
def test_forms_of_a_word_share_a_stem(family: list[str]) -> None:
    assert len({stem(word) for word in family}) == 1


@pytest.mark.parametrize("word", ["string", "status", "access", "analysis", "feed", "need", "bus", "s3", "天气"])
def test_what_only_looks_like_an_ending_stays(word: str) -> None:
    assert stem(word) == word


def test_a_server_is_called_by_its_words_without_mcp() -> None:
    assert alias("brave-search-mcp") == alias("Brave Search") == alias("braveSearch") == "bravesearch"
    assert alias("mcp-server") == "mcpserver"


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("isue", "issue", True),
        ("githbu", "github", True),
        ("mesage", "massage", False),
        ("repositroy", "repositories", False),
        ("calender", "calendar", True),
        ("dog", "channel", False),
    ],
)
def test_one_slip_is_near(one: str, other: str, near: bool) -> None:
    assert is_near(one, other) is near


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_gives_short_storable_terms_without_blanks(text: str) -> None:
    for term in terms(text):
        assert term and len(term) <= 70 and not any(char.isspace() for char in term)
        assert storable(term) == term


def test_half_a_surrogate_pair_can_be_stored() -> None:
    storable("a\ud800b").encode()
