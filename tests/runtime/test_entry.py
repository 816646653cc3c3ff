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
    ],
)
def test_arguments_name_value_fill_the_parameters(arguments, named):
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
        ("Literal[1]", "1", "true"),
        ("Optional[int]", "null", "x"),
        ("Union[int, list[int]]", "[1]", '["a"]'),
        ("list[int]", "[]", '["a"]'),
        ("dict[str, list[float]]", '{"a": [1, 2.5]}', '{"a": 1}'),
        ("int", " 7 ", ""),
    ],
)
def test_a_value_of_another_type_than_main_takes_is_refused(annotation, right, wrong):
    script = Script(f"def main(x: {annotation}): ...", "s.py")
    assert entry_of(script, (f"x={right}",)).findings == ()
    (finding,) = entry_of(script, (f"x={wrong}",)).findings
    assert finding.blocking
    assert finding.message == f"x={wrong}: main takes x: {annotation}"


@pytest.mark.parametrize(
    "annotation", ["str", "str | int", "Path", "datetime.date", "'Path'", "Literal[KIND]", "Optional"]
)
def test_text_and_what_is_not_understood_take_anything(annotation):
    assert entry_of(Script(f"def main(x: {annotation}): ...", "s.py"), ("x=12 Main St",)).findings == ()


@pytest.mark.parametrize(("annotation", "value"), [("str | None", "2026"), ("Optional[str]", "007"), ("list", "[7]")])
def test_a_value_is_text_where_only_text_fits(annotation, value):
    (given,) = (entry_of(Script(f"def main(x: {annotation}): ...", "s.py"), (f"x={value}",)).named or {}).values()
    assert given == ([7] if annotation == "list" else value)


def test_a_postponed_annotation_counts_as_it_would_without_quotes():
    (finding,) = entry_of(Script("def main(x: 'int | None'): ...", "s.py"), ("x=abc",)).findings
    assert finding.message == "x=abc: main takes x: int | None"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def main(): ...", "nothing reads limit=5 2026: main takes nothing, and sys.argv isn't used"),
        ("import sys\ndef main(): print(sys.stderr)", "nothing reads limit=5 2026: main takes nothing"),
        ("from servers.shop import a\ndef main(limit): ...", "nothing reads 2026: main takes name=value"),
        ("import sys\ndef main(): return sys.argv", ""),
        ("from sys import argv\ndef main(): return argv", ""),
        ("import argparse\ndef main(): argparse.ArgumentParser().parse_args()", ""),
        ("from scripts.options import read\ndef main(): return read()", ""),
    ],
)
def test_words_that_nothing_can_read_are_refused(source, said):
    findings = entry_of(Script(source, "s.py"), ("limit=5", "2026")).findings
    assert [finding.blocking for finding in findings] == ([True] if said else [])
    assert said in "".join(map(str, findings))


def test_an_option_on_the_wrong_side_of_the_dashes_is_told_its_side():
    (finding,) = entry_of(Script(MAIN, "s.py"), ("--time-limit", "5")).findings
    assert finding.hint == "options of codegen itself stand before --"


def test_a_skill_that_is_main_takes_what_its_function_takes(tmp_path):
    (tmp_path / "late.py").write_text("def late(days: int, shop: str = 'x'): ...\n")
    script = Script("from skills.late import late as main\n", "<skill late>")
    assert entry_of(script, ("days=7", "shop=5"), tmp_path).named == {"days": 7, "shop": "5"}
    wrong, absent = entry_of(script, ("days=soon",), tmp_path).findings, entry_of(script, (), tmp_path).findings
    assert [str(each).split("\n")[0] for each in (*wrong, *absent)] == [
        "skills/late.py:1:1: days=soon: late takes days: int",
        "skills/late.py:1:1: nothing fills days of late(days: int, shop: str='x')",
    ]
    assert absent[0].hint == "add: -- days=VALUE"


def test_a_main_that_is_imported_from_elsewhere_is_called_with_nothing(tmp_path):
    for source in ("from skills.gone import gone as main", "from other import main", "from skills import main"):
        entry = entry_of(Script(source, "s.py"), (), tmp_path)
        assert (entry.called, entry.named, entry.findings) == (True, None, ())


def test_a_main_that_takes_anything_is_given_anything():
    assert entry_of(Script("def main(**given): ...", "s.py"), ("x=1",)).named == {"x": 1}


def test_a_source_that_does_not_parse_is_left_to_the_runner():
    assert entry_of(Script("def main(:", "s.py"), ()).called is False
