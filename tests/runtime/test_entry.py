"""What the command line gives to `main`, and what it refuses."""

from __future__ import annotations

import pytest

from codegen.runtime.check import Script
from codegen.runtime.entry import entry_of

MAIN = "def main(limit: int = 3, *, name: str = 'x', more=None): ...\n"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), None),
        (("limit=5",), {"limit": 5}),
        (("name=5", "more=[1, null]"), {"name": "5", "more": [1, None]}),
        (("more=plain text", "name=a=b"), {"more": "plain text", "name": "a=b"}),
        (("--verbose", "2026"), None),
    ],
)
def test_arguments_name_value_fill_the_parameters_and_others_are_left_to_argv(arguments, named):
    entry = entry_of(Script(MAIN, "s.py"), arguments)
    assert (entry.called, entry.named, entry.findings) == (True, named, ())


def test_a_name_that_main_does_not_have_is_refused_with_the_nearest():
    (finding,) = entry_of(Script(MAIN, "s.py"), ("limti=5",)).findings
    assert finding.blocking
    assert "no parameter 'limti'" in finding.message
    assert finding.hint == "did you mean limit?"


def test_a_parameter_that_nothing_fills_is_refused_with_the_command_that_does():
    (finding,) = entry_of(Script("def main(a, b=1, *, c): ...", "s.py"), ("b=2",)).findings
    assert finding.blocking
    assert finding.hint == "codegen run s.py -- a=VALUE c=VALUE"


@pytest.mark.parametrize(
    ("annotation", "right", "wrong"),
    [
        ("int", "7", "seven"),
        ("int", "-1", "1.5"),
        ("int", "1", "true"),
        ("float", "1", '"1"'),
        ("bool", "false", "no"),
        ("int | None", "null", "[]"),
        ("list[str]", '["a"]', "a"),
        ("dict[str, int]", '{"a": 1}', "[1]"),
        ("Literal['day', 'week']", "week", "year"),
    ],
)
def test_a_value_of_another_type_than_main_takes_is_refused(annotation, right, wrong):
    script = Script(f"def main(x: {annotation}): ...", "s.py")
    assert entry_of(script, (f"x={right}",)).findings == ()
    (finding,) = entry_of(script, (f"x={wrong}",)).findings
    assert finding.blocking
    assert finding.message == f"x={wrong}: main takes x: {annotation}"


@pytest.mark.parametrize("annotation", ["str", "str | int", "Path", "datetime.date", "'int'", "Literal[KIND]"])
def test_text_and_what_is_not_understood_take_anything(annotation):
    assert entry_of(Script(f"def main(x: {annotation}): ...", "s.py"), ("x=12 Main St",)).findings == ()


def test_a_main_without_parameters_leaves_everything_to_argv():
    assert entry_of(Script("def main(): ...", "s.py"), ("limit=5",)).findings == ()


def test_a_main_that_takes_anything_is_given_anything():
    assert entry_of(Script("def main(**given): ...", "s.py"), ("x=1",)).named == {"x": 1}


def test_a_source_that_does_not_parse_is_left_to_the_runner():
    assert entry_of(Script("def main(:", "s.py"), ()).called is False
