"""How calls that somebody decides are shown."""

from __future__ import annotations

from codegen.runtime.wording import asked_list


def call(number: int, change: int) -> dict:
    at = {"run": "r", "number": number, "server": "shop", "tool": "adjust", "at": "s.py:1", "why": ""}
    return {**at, "arguments": {"change": change}}


def test_equal_calls_are_shown_once_with_the_numbers_of_the_others():
    lines = list(asked_list([call(1, 5), call(2, 6), call(3, 5), call(4, 5)]))
    assert [line.split()[0] for line in lines] == ["1", "and", "2"]
    assert lines[1].strip() == "and 2 more times the same: 3, 4"


def test_of_many_equal_calls_the_first_numbers_and_the_last_are_shown():
    *_, more = asked_list(call(number, 5) for number in range(1, 21))
    assert more.strip() == "and 19 more times the same: 2, 3, 4, …, 20"
