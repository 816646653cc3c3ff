"""The type of an answer."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from codegen.agents.wanted import Wanted, WrongResultError


@pytest.mark.parametrize(
    ("wanted", "text", "value", "answer"),
    [
        (None, "Paris", 3, "Paris"),
        (int, "7", 3, 7),
        (int, "The answer is above.", 3, 3),
        (str, "Paris", 3, "Paris"),
        (list[date], '```json\n["2026-01-02"]\n```', None, [date(2026, 1, 2)]),
    ],
)
def test_the_last_words_are_the_answer_else_what_the_last_script_returned(wanted, text, value, answer):
    assert Wanted(wanted).of_text(text, value) == answer


def test_what_does_not_fit_is_said_with_the_schema():
    with pytest.raises(WrongResultError, match=r"(?s)not of the type.*valid integer.*expected: .*\"integer\""):
        Wanted(int).of_value("many")
    with pytest.raises(WrongResultError, match="main\\(\\) returned nothing"):
        Wanted().of_value(None)


def test_nothing_is_asked_for_where_every_answer_is_fine():
    assert Wanted().said == ""
    assert "JSON Schema" in Wanted(dict[str, Any]).said
