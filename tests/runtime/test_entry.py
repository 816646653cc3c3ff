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


def test_a_main_without_parameters_leaves_everything_to_argv():
    assert entry_of(Script("def main(): ...", "s.py"), ("limit=5",)).findings == ()


def test_a_main_that_takes_anything_is_given_anything():
    assert entry_of(Script("def main(**given): ...", "s.py"), ("x=1",)).named == {"x": 1}


def test_a_source_that_does_not_parse_is_left_to_the_runner():
    assert entry_of(Script("def main(:", "s.py"), ()).called is False
