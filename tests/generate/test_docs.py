from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import pytest

from codegen.generate.docs import split_text
from codegen.generate.module import generate_module
from codegen.model import Tool

Make = Callable[..., Tool]


def docstring_of(tool: Tool) -> str:
    function = ast.parse(generate_module(tool, "do_it").text).body[-1]
    assert isinstance(function, ast.FunctionDef)
    return ast.get_docstring(function) or ""


@pytest.mark.parametrize(
    ("text", "first", "rest"),
    [
        ("One. Two.", "One.", "Two."),
        ("Use e.g. this. Then that.", "Use e.g. this.", "Then that."),
        ("Version 1.2 of it. Next", "Version 1.2 of it.", "Next"),
        ("No end here", "No end here", ""),
        ("First line\n\n- a\n- b", "First line", "- a\n- b"),
        ("Wrapped\nsentence here. Rest", "Wrapped sentence here.", "Rest"),
        ("检索问题。第二句。", "检索问题。", "第二句。"),
        ("", "", ""),
    ],
)
def test_the_first_sentence_is_told_from_the_rest(text: str, first: str, rest: str) -> None:
    assert split_text(text) == (first, rest)


def test_a_first_sentence_too_long_goes_on_in_the_rest() -> None:
    first, rest = split_text("word " * 100)
    assert len(first) <= 200
    assert first.endswith("word…")
    assert rest.startswith("…word")


def test_a_docstring_is_sentence_effect_rest_and_example(tool: Make) -> None:
    made = tool(
        {"id": {"type": "integer"}, "day": {"type": "string", "format": "date"}, "n": {}},
        required=("id", "day"),
        description="Delete it.\n\n        For good.\n        - Really.\n          Yes.",
        annotations={"destructiveHint": True},
    )
    assert docstring_of(made) == (
        "Delete it. [destructive]\n\nFor good.\n- Really.\n  Yes.\n\nReturns undeclared.\n"
        'Example: do_it(id=1, day="2025-01-31")'
    )


def test_the_rest_is_capped(tool: Make) -> None:
    assert len(docstring_of(tool(description="First. " + "word " * 1_000))) < 700


def test_without_description_the_title_or_the_name_is_said_once(tool: Make) -> None:
    assert docstring_of(tool(title="Do the thing")).startswith("Do the thing\n")
    assert docstring_of(tool(name="do-it")).startswith("do-it\n")


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string", "examples": ["x"], "default": "y"}, '"x"'),
        ({"type": "string", "default": "y"}, '"y"'),
        ({"enum": ["open", "closed"]}, '"open"'),
        ({"type": "string"}, '"..."'),
        ({"type": "integer", "minimum": 7}, "7"),
        ({"type": "boolean"}, "True"),
        ({"type": "array", "items": {"type": "integer"}}, "[1]"),
        ({"type": "object", "properties": {"a": {"const": 1}, "b": {}}, "required": ["a"]}, '{"a": 1}'),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "1"),
        ({"$ref": "#/$defs/none"}, '"..."'),
        (True, '"..."'),
    ],
)
def test_an_example_uses_the_schema_s_own_values(schema: Any, said: str, tool: Make) -> None:
    assert f"Example: do_it(a={said})" in docstring_of(tool({"a": schema}, required=("a",)))


def test_an_example_of_the_whole_call_comes_first(tool: Make) -> None:
    schema = {"properties": {"a": {"type": "string"}}, "required": ["a"], "examples": [{"a": "given"}]}
    assert 'do_it(a="given")' in docstring_of(tool(schema=schema))
