from __future__ import annotations

import ast
import io
import tokenize

from hypothesis import given
from hypothesis import strategies as st

from codegen.generate.literals import clean, comment, cut, docstring, literal, markdown, one_line

hostile = st.text(alphabet="\"'\\\n\r\t\0\x0c\x85\u2028\u202e\u200b\U000e0041\ud800#{}`a é", max_size=30) | st.text()
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | hostile,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(hostile, inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_a_literal_evaluates_to_exactly_its_value_and_shows_all_of_it(value: object) -> None:
    text = literal(value)
    assert ast.literal_eval(text) == value
    assert text.isprintable()
    assert "\u202e" not in text
    assert "\U000e0041" not in text


def test_a_number_too_long_for_decimal_digits_is_still_a_literal() -> None:
    assert ast.literal_eval(literal(10**6000)) == 10**6000


@given(st.lists(hostile, min_size=1, max_size=5))
def test_nothing_leaves_a_docstring(lines: list[str]) -> None:
    source = f"def f():\n{docstring(lines, '    ')}\n    return 1\n"
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert len(function.body) == 2
    text = ast.get_docstring(function, clean=False)
    assert text is not None
    kept = [clean(line).replace("\n", " ").rstrip() for line in lines]
    assert [each.strip() for each in text.split("\n")][: len(kept)] == [each.strip() for each in kept]


@given(hostile)
def test_nothing_leaves_a_comment(text: str) -> None:
    line = comment(text)
    tokens = [token.type for token in tokenize.generate_tokens(io.StringIO(f"x = 1  {line}\n").readline)]
    assert tokens.count(tokenize.COMMENT) == 1
    assert tokens.count(tokenize.NAME) == 1
    assert len(line) <= 200


def test_a_comment_can_not_speak_to_type_checkers_or_name_an_encoding() -> None:
    assert comment("type: ignore") == "# - type: ignore"
    assert comment("x # type: ignore # pyright: basic") == "# x - type: ignore - pyright: basic"
    assert comment("vim: set fileencoding=utf-7:") == "# vim: set fileencoding =utf-7:"
    assert comment("coding: latin-1") == "# coding : latin-1"


@given(hostile)
def test_cleaned_text_has_no_character_that_is_not_seen(text: str) -> None:
    cleaned = clean(text)
    assert not set("\0\r\t\x0c\x85\u2028\u202e\u200b\U000e0041\ud800") & set(cleaned)
    cleaned.encode()


def test_text_is_cut_at_a_word_and_says_so() -> None:
    assert cut("one two three", 9) == "one two…"
    assert cut("onetwothree", 6) == "onetw…"
    assert cut("short", 5) == "short"
    assert one_line("a\n\n b\t c") == "a b c"


def test_a_readme_line_holds_no_link_image_html_or_code() -> None:
    assert markdown("![x](http://e) <b> `rm` |") == "!\\[x](http://e) &lt;b> 'rm' \\|"
