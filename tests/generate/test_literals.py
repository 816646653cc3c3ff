"""Examples; what holds for every text is in test_properties.py."""

from __future__ import annotations

import ast
import sys
import unicodedata

from generate.written import FAR, UNSEEN, texts
from hypothesis import given

from codegen.generate.literals import clean, comment, cut, literal, markdown, one_line


def test_a_number_too_long_for_decimal_digits_is_still_a_literal() -> None:
    assert ast.literal_eval(literal(10**6000)) == 10**6000


def test_a_comment_can_not_speak_to_type_checkers_or_name_an_encoding() -> None:
    assert comment("type: ignore") == "# - type: ignore"
    assert comment("x # type: ignore # pyright: basic") == "# x - type: ignore - pyright: basic"
    assert comment("vim: set fileencoding=utf-7:") == "# vim: set fileencoding =utf-7:"
    assert comment("coding: latin-1") == "# coding : latin-1"
    assert comment("noqa") == "# - noqa"
    assert comment("a # NOSEC # flake8: noqa # pyre-fixme[9]") == "# a - NOSEC - flake8: noqa - pyre-fixme[9]"
    assert comment("noqas are none; a type of #7") == "# noqas are none; a type of #7"


@given(texts)
def test_cleaned_text_has_no_character_that_is_not_seen(text: str) -> None:
    cleaned = clean(text)
    assert not set(UNSEEN + FAR) & set(cleaned)
    cleaned.encode()


def test_no_character_of_control_or_format_and_none_for_private_use_is_left() -> None:
    every = (chr(code) for code in range(sys.maxunicode + 1))
    seen = "".join(each for each in every if unicodedata.category(each) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
    assert set(clean(seen)) == {"\n", " ", "\ufffd"}
    assert literal(seen).isascii()


def test_text_is_cut_at_a_word_and_says_so() -> None:
    assert cut("one two three", 9) == "one two…"
    assert cut("onetwothree", 6) == "onetw…"
    assert cut("short", 5) == "short"
    assert one_line("a\n\n b\t c") == "a b c"


def test_a_readme_line_holds_no_link_image_html_or_code() -> None:
    assert markdown("![x](http://e) <b> `rm` |") == "!\\[x](http://e) &lt;b> 'rm' \\|"
