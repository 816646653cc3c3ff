"""The conditions of a rule on a call's arguments. Three answers: yes, no, and None where it can't be told.

Arguments come from a model, and no rule is walked around by their shape: what can't be told is taken for yes by a rule
that makes a call harder, and for no by one that lets it pass (`policy/rules.py`). What isn't there is no.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeAlias

from codegen.config.patterns import matcher
from codegen.config.policy import Condition
from codegen.model import Json, JsonObject

Truth: TypeAlias = bool | None
Test: TypeAlias = Callable[[Json], Truth]


class Unknown(dict[str, Json]):
    """Arguments, or a value among them, of which a script's source shows only these parts."""


def is_known(value: Json) -> bool:
    """Whether no part of a value is `Unknown`."""
    if isinstance(value, dict):
        return not isinstance(value, Unknown) and all(map(is_known, value.values()))
    return all(map(is_known, value)) if isinstance(value, list) else True


def condition_test(condition: Condition, *, every: bool) -> Callable[[JsonObject], Truth]:
    """Whether a call's arguments meet a condition; of several values at its path `every` one has to, or else any."""
    tests = [_TESTS[word](expected) for word, expected in condition.tests if word != "present"]
    wanted = dict(condition.tests).get("present")

    def holds(arguments: JsonObject) -> Truth:
        values, lost = values_at(arguments, condition.path)
        truths = [all_of(test(value) for test in tests) for value in values]
        if not tests:
            found: Truth = True if values else None if lost else False
            found = None if found and all(isinstance(value, Unknown) for value in values) else found
            return found if wanted or found is None else not found
        if lost or not truths:
            truths.append(None if lost else False)
        return all_of(truths) if every else any_of(truths)

    return holds


def values_at(arguments: JsonObject, path: tuple[str, ...]) -> tuple[list[Json], bool]:
    """The values that a path leads to, and whether it also led into something of the wrong shape."""
    found: list[Json] = [arguments]
    lost = False
    for part in path:
        below: list[Json] = []
        for value in found:
            inner = _below(value, part)
            if inner is None:
                lost = True
            else:
                below += inner
        found = below
    return found, lost


def all_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's and: one no decides."""
    found: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            found = None
    return found


def any_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's or: one yes decides."""
    found: Truth = False
    for truth in truths:
        if truth:
            return True
        if truth is None:
            found = None
    return found


def _below(value: Json, part: str) -> list[Json] | None:
    """What a part of a path leads to; None where it can't be followed: a text has no members, a list no names."""
    if value is None:
        return []
    if isinstance(value, dict):
        more: list[Json] = [Unknown()] if isinstance(value, Unknown) else []
        if part == "*":
            return [*value.values(), *more]
        return [value[part]] if part in value else more
    if isinstance(value, list):
        if part == "*":
            return value
        if part.isascii() and part.isdecimal():
            return value[int(part) :][:1] if len(part) < 10 else []
    return None


def _same(expected: Json, value: Json) -> Truth:
    """Equality of JSON, as deep as `expected` goes. None for what a lax server takes for it: "7" for 7, 1 for true."""
    if isinstance(value, Unknown):
        return None
    if isinstance(expected, list) and isinstance(value, list):
        return len(expected) == len(value) and all_of(map(_same, expected, value))
    if isinstance(expected, dict) and isinstance(value, dict):
        return expected.keys() == value.keys() and all_of(_same(each, value[key]) for key, each in expected.items())
    if value is None or _nests(expected) or _nests(value):
        return expected == value
    if isinstance(expected, bool) is isinstance(value, bool) and isinstance(expected, str) is isinstance(value, str):
        return expected == value
    return None if isinstance(expected, bool) or isinstance(value, bool) or _one_number(expected, value) else False


def _one_number(first: Json, second: Json) -> bool:
    try:
        return float(first) == float(second)  # type: ignore[arg-type]  # one is a text, the other a number
    except (ValueError, OverflowError):
        return False


def _nests(value: Json) -> bool:
    return isinstance(value, list | dict)


def _equals(expected: Json) -> Test:
    def test(value: Json) -> Truth:
        # One of several, where a rule's author thought of one alone: it may be among them.
        return None if _nests(value) and not _nests(expected) else _same(expected, value)

    return test


def _one_of(expected: Json) -> Test:
    tests = [_equals(each) for each in expected] if isinstance(expected, list) else []
    return lambda value: any_of(test(value) for test in tests)


def _matches(pattern: Json) -> Test:
    fits = matcher(str(pattern))

    def test(value: Json) -> Truth:
        if isinstance(value, str):
            return fits(value)
        return False if value is None else None

    return test


def _compares(compare: Callable[[float, float], bool], bound: Json) -> Test:
    limit = bound if isinstance(bound, int | float) else 0

    def test(value: Json) -> Truth:
        if isinstance(value, int | float) and not isinstance(value, bool) and value == value:  # noqa: PLR0124  # NaN
            return compare(value, limit)
        return False if value is None else None

    return test


_TESTS: dict[str, Callable[[Json], Test]] = {
    "equals": _equals,
    "matches": _matches,
    "one_of": _one_of,
    "above": partial(_compares, operator.gt),
    "below": partial(_compares, operator.lt),
    "at_least": partial(_compares, operator.ge),
    "at_most": partial(_compares, operator.le),
}
