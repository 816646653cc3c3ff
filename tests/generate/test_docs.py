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
        "Delete it. [destructive] Returns undeclared.\n\nFor good.\n- Really.\n  Yes.\n\n"
        'Example: do_it(id=1, day="2025-01-31")'
    )


def test_without_description_the_title_or_the_name_is_said_once(tool: Make) -> None:
    assert docstring_of(tool(title="Do the thing")) == "Do the thing. Returns undeclared."
    assert docstring_of(tool(name="do-it")) == "do-it. Returns undeclared."


def test_the_rest_is_capped_and_says_where_it_goes_on(tool: Make) -> None:
    said = docstring_of(tool(description="First. " + "word " * 1_000))
    assert "word…\n\nMore: codegen describe srv.do_it --detail full" in said
    assert len(said) < 350


def test_a_cut_comment_says_where_it_goes_on(tool: Make) -> None:
    assert "More: codegen describe" in docstring_of(tool({"a": {"description": "word " * 100}}))
    assert "More: codegen describe" in docstring_of(tool({"a": {"description": "word " * 100}}, required=("a",)))
    assert "More: codegen describe" not in docstring_of(tool({"a": {"description": "word " * 10}}))


def test_the_rest_is_cut_at_a_sentence_when_most_of_it_is_kept(tool: Make) -> None:
    rest = "A sentence of some thirty letters. " * 20
    assert docstring_of(tool(description=f"First. {rest}")).split("\n")[2].endswith("letters. …")


def test_markdown_decoration_and_the_source_s_line_breaks_are_left_out(tool: Make) -> None:
    text = "# Do **it**.\n\n## Notes\n\n---\n**Slow:** when\nthere is 2**9 or 2**10.\n- one\n- two\n\n\n\nEnd."
    assert docstring_of(tool(description=text)) == (
        "Do it. Returns undeclared.\n\nNotes\n\nSlow: when there is 2**9 or 2**10.\n- one\n- two\n\nEnd."
    )


ARGUMENTS = """Find it.

    Args:
        query: What to look for,
            in any language
        limit (int, at most 50): How many
    Returns:
        A list.
"""


def test_a_section_on_arguments_moves_to_the_parameters_that_say_nothing_themselves(tool: Make) -> None:
    said = {"query": {"type": "string"}, "limit": {"type": "integer", "description": "Most results"}}
    text = generate_module(tool(said, description=ARGUMENTS), "find").text
    assert "query: str = UNSET,  # What to look for, in any language\n" in text
    assert "limit: int = UNSET,  # Most results\n" in text
    assert "Args" not in text
    assert "    Returns:\n        A list.\n" in text
    text = generate_module(tool({**said, "limit": {"type": "integer"}}, description=ARGUMENTS), "find").text
    assert "limit: int = UNSET,  # How many (int, at most 50)\n" in text


def test_a_section_on_arguments_that_no_parameter_has_stays(tool: Make) -> None:
    assert "Args:\n" in docstring_of(tool({"other": {}}, description=ARGUMENTS))


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string", "examples": ["x"], "default": "y"}, '"x"'),
        ({"type": "string", "default": "y"}, '"y"'),
        ({"type": "string", "format": "date"}, '"2025-01-31"'),
        ({"type": "array", "items": {"type": "integer", "example": 7}}, "[7]"),
        ({"type": "object", "properties": {"a": {"default": 1}, "b": {}}, "required": ["a"]}, '{"a": 1}'),
        ({"anyOf": [{"type": "integer", "examples": [5]}, {"type": "null"}]}, "5"),
    ],
)
def test_an_example_uses_the_schema_s_own_values(schema: Any, said: str, tool: Make) -> None:
    assert f"Example: do_it(a={said})" in docstring_of(tool({"a": schema}, required=("a",)))


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"enum": ["open", "closed"]}, '"open"'),
        ({"type": "string"}, '"..."'),
        ({"type": "integer", "minimum": 7}, "7"),
        ({"type": "boolean"}, "True"),
        ({"type": "array", "items": {"type": "integer"}}, "[1]"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "1"),
        ({"type": "object", "properties": {"a": {"const": 1}, "b": {}}, "required": ["a"]}, '{"a": 1}'),
        ({"$ref": "#/$defs/none"}, '"..."'),
        (True, '"..."'),
    ],
)
def test_an_example_fills_in_the_plainest_value_beside_one_that_tells(schema: Any, said: str, tool: Make) -> None:
    made = tool({"a": schema, "b": {"examples": ["x"]}}, required=("a", "b"))
    assert f'Example: do_it(a={said}, b="x")' in docstring_of(made)


@pytest.mark.parametrize("schema", [{"type": "string"}, {"enum": ["a"]}, {"type": "array", "items": {}}, True])
def test_an_example_that_would_only_say_the_signature_again_is_left_out(schema: Any, tool: Make) -> None:
    assert "Example" not in docstring_of(tool({"a": schema}, required=("a",)))


def test_an_example_of_a_list_that_holds_itself_ends(tool: Make) -> None:
    schema = {"properties": {"a": {"$ref": "#/$defs/a"}}, "required": ["a"]}
    schema["$defs"] = {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}, "example": [[]]}}
    assert "Example: do_it(a=[[]])" in docstring_of(tool(schema=schema))


def test_an_example_of_the_whole_call_comes_first(tool: Make) -> None:
    schema = {"properties": {"a": {"type": "string"}}, "required": ["a"], "examples": [{"a": "given"}]}
    assert 'do_it(a="given")' in docstring_of(tool(schema=schema))


def test_what_stands_far_below_decoration_is_still_the_rest(tool: Make) -> None:
    said = docstring_of(tool(description="One.\n\n" + "---\n" * 400 + "The point."))
    assert said.splitlines()[2] == "The point."
