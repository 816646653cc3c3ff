"""Conditions on arguments: yes, no, and what can't be told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy.written import ARGUMENTS, CONDITIONS, KEYS

from codegen.config.policy import Condition
from codegen.policy.conditions import Unknown, condition_test

UNLIKE = object()


def met(path: str, arguments: dict[str, Any], *, every: bool = False, **tests: Any) -> bool | None:
    return condition_test(Condition(tuple(path.split(".")), tuple(tests.items())), every=every)(arguments)


@pytest.mark.parametrize(
    ("tests", "yes", "no", "untold"),
    [
        ({"equals": 1}, [1, 1.0], [2, "2", "x", None, 10**400], [[1], {"a": 1}, "1", "1.0", " 1", True]),
        ({"equals": True}, [True], [False, None], [[True], 1, "true", "yes"]),
        ({"equals": "NO"}, ["NO"], ["no", "NO ", None, 0], [["NO"], False]),
        ({"equals": "7"}, ["7"], ["7.0", 8, 10**400], [7, 7.0]),
        ({"equals": [1, {"a": [True]}]}, [[1, {"a": [True]}]], [[1, {"a": []}], [1], {"a": 1}, "x"], [[1, {"a": [1]}]]),
        ({"equals": {"a": 1}}, [{"a": 1.0}], [{"a": 1, "b": 2}, {"b": 1}, [1], 1], []),
        ({"one_of": ["NO", 1]}, ["NO", 1], ["SE", 2, None], [["NO"], True, "1"]),
        ({"matches": "*@a.org"}, ["x@a.org"], ["x@a.orgy", None], [5, ["x@a.org"], {}]),
        ({"matches": "/^a/"}, ["ab"], ["ba", None], [5, True, ["a"], "a\ud83d"]),
        ({"above": 100}, [101, 100.5, 10**400, float("inf")], [100, -(10**400), None], ["101", True, [101]]),
        ({"below": 100}, [99], [100, None], [float("nan"), "1"]),
        ({"at_least": 1, "at_most": 5}, [1, 5], [0, 6], ["3"]),
        ({"present": True}, [1, None, [], "", {}], [], []),
        ({"present": False}, [], [1, None, []], []),
    ],
)
def test_each_test_has_its_values(tests: dict[str, Any], yes: list[Any], no: list[Any], untold: list[Any]) -> None:
    assert [value for value in yes if met("a", {"a": value}, **tests) is not True] == []
    assert [value for value in no if met("a", {"a": value}, **tests) is not False] == []
    assert [value for value in untold if met("a", {"a": value}, **tests) is not None] == []


@pytest.mark.parametrize(
    ("path", "arguments", "expected"),
    [
        ("to.country", {"to": {"country": "NO"}}, True),
        ("to.country", {"to": {}}, False),
        ("to.country", {"to": None}, False),
        ("to.country", {}, False),
        ("to.country", {"to": "NO"}, None),
        ("to.country", {"to": [{"country": "NO"}]}, None),
        ("a.1", {"a": ["SE", "NO"]}, True),
        ("a.1", {"a": ["SE"]}, False),
        ("a.1", {"a": {"1": "NO"}}, True),
        ("a.99999999999", {"a": ["NO"]}, False),
        ("a.-1", {"a": ["NO"]}, None),
        ("a.*", {"a": []}, False),
        ("a.*", {"a": ["SE", "NO"]}, True),
        ("a.*", {"a": {"x": "NO"}}, True),
        ("a.*", {"a": "NO"}, None),
        ("a.*.x", {"a": [{"x": "SE"}, {"x": "NO"}, 5]}, True),
        ("a.*.x", {"a": [{"x": "SE"}, 5]}, None),
        ("*", {"any": "NO"}, True),
    ],
)
def test_a_path_leads_into_nested_arguments(path: str, arguments: dict[str, Any], expected: bool | None) -> None:
    assert met(path, arguments, equals="NO") is expected


def test_of_several_values_any_one_counts_or_every_one() -> None:
    mails = {"to": ["a@here", "b@there"]}
    assert met("to.*", mails, matches="*@here") is True
    assert met("to.*", mails, matches="*@here", every=True) is False
    assert met("to.*", {"to": ["a@here"]}, matches="*@here", every=True) is True
    assert met("to.*", {"to": []}, matches="*@here", every=True) is False, "nothing is no reason to let pass"
    assert met("to.*", {"to": ["a@here", 5]}, matches="*@here", every=True) is None
    assert met("n.*", {"n": [1, 9]}, above=2, below=8) is False, "both tests are about the same value"


def test_presence_can_not_be_told_where_the_path_leads_into_something_else() -> None:
    assert met("to.country", {"to": "NO"}, present=True) is None
    assert met("to.country", {"to": "NO"}, present=False) is None
    assert met("to.country", {"to": {}}, present=False) is True


def test_what_a_source_does_not_show_can_not_be_told() -> None:
    for tests in (
        {"equals": 1},
        {"above": 1},
        {"matches": "*"},
        {"one_of": [1]},
        {"present": True},
        {"present": False},
    ):
        assert met("a", Unknown(), **tests) is None
        assert met("a", {"a": Unknown()}, **tests) is None
    assert met("a", {"a": [1, Unknown()]}, equals=[1, 2]) is None
    assert met("a", {"a": [5, Unknown()]}, equals=[1, 2]) is False
    assert met("a", Unknown({"a": 1}), equals=1) is True


@given(CONDITIONS, st.booleans(), ARGUMENTS, st.sets(KEYS))
def test_what_is_sure_of_a_part_of_the_arguments_is_so_of_all_of_them(
    condition: Condition, every: bool, arguments: dict[str, Any], hidden: set[str]
) -> None:
    test = condition_test(condition, every=every)
    shown = Unknown({key: value for key, value in arguments.items() if key not in hidden})
    inner = {key: Unknown() if key in hidden else value for key, value in arguments.items()}
    for part in (shown, inner):
        sure = test(part)
        assert sure is None or sure is test(arguments)
