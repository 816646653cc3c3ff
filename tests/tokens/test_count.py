"""Texts counted: any text, however long or odd."""

from __future__ import annotations

import sys

import pytest

from codegen.tokens.count import PIECE, counter, quarter


def test_o200k_is_used_where_it_is_installed() -> None:
    made = counter()
    assert made.method == "o200k"
    assert made.count("hello world") == 2


def test_without_it_characters_are_counted_and_the_method_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bpe_openai", None)
    made = counter()
    assert (made.method, made.count) == ("characters / 4", quarter)
    assert [quarter("x" * size) for size in (0, 1, 4, 5)] == [0, 1, 1, 2]


def test_texts_longer_than_the_library_takes_are_counted_in_pieces() -> None:
    count = counter().count
    line = '{"sku": "LI-101", "on_hand": 12},\n'
    whole = line * (2_000_000 // len(line))
    assert count(whole) == pytest.approx(count(line * 100) / 100 * whole.count("\n"), abs=2 * len(whole) / PIECE)


@pytest.mark.parametrize("text", ["<|endoftext|>", "half \ud83d", "\x00\x1b[2J", "", "混ぜる"])
def test_no_text_is_refused(text: str) -> None:
    assert counter().count(text) >= bool(text)
