"""The arguments of an inverse call, from codegen.toml and what was recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.config.settings import load_settings
from codegen.config.undo import Undo
from codegen.errors import ConfigError, UndoError
from codegen.journal.record import CallRecord
from codegen.runtime.inverse import inverse_arguments


def undo(folder: Path, text: str) -> Undo:
    (folder / "codegen.toml").write_text(f"[servers.s.tools.make]\nundo = {text}\n")
    found = load_settings(folder / "codegen.toml").server("s").tools["make"].undo
    assert found is not None
    return found


def made(*, lost: str = "") -> CallRecord:
    answer = {"id": 7, "lines": [{"sku": "A"}, {"sku": "B"}], "a.b": {"": 1}, "gone": "[redacted]", "is": True}
    given = {"n": 5, "f": -1.5, "text": "t"}
    return CallRecord(1, "s", "make", given, "", "", "answered", "", answer, 0.0, 0.1, lost=lost)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('"result.id"', 7),
        ('"arguments.n"', 5),
        ('"-arguments.n"', -5),
        ('"-arguments.f"', 1.5),
        ('"result.lines.1.sku"', "B"),
        (r"'result.a\.b'", {"": 1}),
        ('"arguments"', {"n": 5, "f": -1.5, "text": "t"}),
        ("\"'undone'\"", "undone"),
        ("\"''\"", ""),
        ("\"'result.id'\"", "result.id"),
        ("5", 5),
        ("true", True),
        ('[{ sku = "result.lines.0.sku", n = "-arguments.n" }, 1]', [{"sku": "A", "n": -5}, 1]),
    ],
)
def test_values_come_from_the_call_or_are_themselves(tmp_path: Path, source: str, value: object):
    found = inverse_arguments(undo(tmp_path, f'{{ tool = "t", arguments = {{ x = {source} }} }}'), made())
    assert found == {"x": value}


def test_an_argument_for_one_that_was_not_given_is_left_out(tmp_path: Path):
    text = '{ tool = "t", arguments = { x = "arguments.none", y = "arguments.n" } }'
    assert inverse_arguments(undo(tmp_path, text), made()) == {"y": 5}
    assert inverse_arguments(undo(tmp_path, '{ tool = "t" }'), made()) == {}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('"result.none"', "there is no `result.none`: nothing stands at `none`"),
        ('"result.lines.2"', "nothing stands at `2`"),
        ('"result.lines.-1"', "nothing stands at `-1`"),
        ('"arguments.n.deep"', "nothing stands at `deep`"),
        ('"-arguments.text"', "it is no number"),
        ('"-arguments.none"', "there is no `-arguments.none`"),
        ('"-result.is"', "it is no number"),
        ('"result.gone"', "holds a secret"),
        ('["arguments.none"]', "there is no `arguments.none`"),
    ],
)
def test_what_is_not_there_is_an_error_that_names_it(tmp_path: Path, source: str, said: str):
    with pytest.raises(UndoError) as caught:
        inverse_arguments(undo(tmp_path, f'{{ tool = "t", arguments = {{ x = {source} }} }}'), made())
    assert said in str(caught.value)


def test_a_lost_value_takes_nothing_back(tmp_path: Path):
    with pytest.raises(UndoError, match="its file is gone"):
        inverse_arguments(
            undo(tmp_path, '{ tool = "t", arguments = { x = "result.id" } }'), made(lost="its file is gone")
        )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("5", "`servers.s.tools.make.undo` is 5"),
        ("{ arguments = {} }", "`servers.s.tools.make.undo` names no tool"),
        ('{ tool = "" }', "a tool of the same server"),
        ('{ tool = "t", args = {} }', "did you mean arguments?"),
        ('{ tool = "t", arguments = { x = "id" } }', '`servers.s.tools.make.undo.arguments.x` is "id"'),
        ('{ tool = "t", arguments = { x = "result..id" } }', "a path such as"),
        ('{ tool = "t", arguments = { x = { y = ["result."] } } }', "undo.arguments.x.y"),
        ('{ tool = "t", arguments = { x = 2026-11-01 } }', "quotes"),
        ('{ tool = "t", arguments = { x = inf } }', "a value that JSON has"),
    ],
)
def test_what_can_not_be_used_is_an_error_that_names_file_and_key(tmp_path: Path, text: str, said: str):
    with pytest.raises(ConfigError) as caught:
        undo(tmp_path, text)
    assert said in str(caught.value)
    assert "codegen.toml" in str(caught.value)
