"""The type of an answer."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from codegen.agents.wanted import Wanted, WrongResultError
from codegen.config.settings import PrivacySettings
from codegen.privacy.veil import Veil

VEIL = Veil(PrivacySettings(), Path())


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
    assert Wanted(wanted).of_text(text, value, VEIL) == answer


def test_tokens_in_last_words_are_read_as_what_they_stand_for(tmp_path):
    veil = Veil(PrivacySettings(redact=("email",)), tmp_path)
    veil.text("ada@example.com")
    assert Wanted().of_text("It is [EMAIL_1].", None, veil) == "It is ada@example.com."
    assert Wanted(list[str]).of_text('```json\n["[EMAIL_1]", "[EMAIL_2]"]\n```', None, veil) == [
        "ada@example.com",
        "[EMAIL_2]",
    ]


def test_what_does_not_fit_is_said_with_the_schema():
    with pytest.raises(WrongResultError, match=r"(?s)not of the type.*valid integer.*expected: .*\"integer\""):
        Wanted(int).of_value("many")
    with pytest.raises(WrongResultError, match=r'asked for, int; what came is a text: "many"\nit: '):
        Wanted(int).of_value("many")
    with pytest.raises(WrongResultError, match=r"asked for, list\[datetime\.date\]; what came is a text: Soon\n"):
        Wanted(list[date]).of_text("Soon", None, VEIL)
    with pytest.raises(WrongResultError, match=r"asked for, Path; what came is an object: \{.{198}…\n"):
        Wanted(Path).of_value({"a": "x" * 500})
    with pytest.raises(WrongResultError, match=r"asked for, int \| str; what came is nothing\n"):
        Wanted(int | str).of_value(None)
    with pytest.raises(WrongResultError, match="main\\(\\) returned nothing"):
        Wanted().of_value(None)


def test_nothing_is_asked_for_where_every_answer_is_fine():
    assert Wanted().said == ""
    assert "JSON Schema" in Wanted(dict[str, Any]).said
