"""Patterns over texts that a model chooses."""

from __future__ import annotations

import pytest

from codegen.config.patterns import matcher
from codegen.config.tables import WrongError


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("*@example.org", "ada@example.org", True),
        ("*@example.org", "ada@example.org.evil", False),
        ("*@example.org", "evil\n@example.org", True),
        ("ad?", "ADA", False),
        ("[ab]c", "bc", True),
        ("/", "/", True),
        ("/etc/*", "/etc/passwd", True),
        ("/^a+$/", "aaa", True),
        ("/^a+$/", "aaa\n", False),
        ("/a/", "xax", True),
        ("/(?i)^ab$/", "AB", True),
        (r"/^\d$/", "٣", False),
    ],
)
def test_a_glob_is_held_against_the_whole_text_and_a_regex_is_searched_for(pattern: str, text: str, fits: bool) -> None:
    assert matcher(pattern)(text) is fits


def test_half_a_surrogate_pair_can_not_be_told_by_a_regex() -> None:
    assert matcher("/x/")("x\ud83d") is None
    assert matcher("x*")("x\ud83d") is True


@pytest.mark.parametrize("pattern", ["/(/", r"/(a)\1/", "/(?=a)/", "/a{1000000}/"])
def test_what_takes_more_than_linear_time_or_much_memory_is_refused(pattern: str) -> None:
    with pytest.raises(WrongError):
        matcher(pattern)


@pytest.mark.parametrize("pattern", ["/^(a+)+$/", "/^(a|a)*$/", "*a*a*a*a*a*a*b"])
def test_a_text_made_to_be_slow_is_not(pattern: str) -> None:
    assert matcher(pattern)("a" * 100_000 + "!") is False  # a step for each way to split it would outlast the suite
