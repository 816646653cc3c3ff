from __future__ import annotations

from collections.abc import Callable

from codegen.generate.module import generate_module
from codegen.model import Tool

Make = Callable[..., Tool]
LONG = "How it is done: slowly at first, then all of it at once, and in the end so that nobody could tell " * 2


def comments(tool: Tool) -> dict[str, str]:
    lines = [line.strip() for line in generate_module(tool, "do_it").text.splitlines() if ": " in line]
    return {line.partition(":")[0]: line.partition("  # ")[2] for line in lines}


def test_few_comments_are_left_whole_and_many_are_cut_to_one_length(tool: Make) -> None:
    few = comments(tool({"a": {"description": LONG[:120]}, "b": {"description": "Short."}}))
    assert few["a"] == LONG[:120].strip()
    many = comments(tool({f"p{n}": {"description": LONG} for n in range(9)} | {"b": {"description": "Short."}}))
    assert {len(many[f"p{n}"]) for n in range(9)} == {len(many["p0"])}
    assert many["p0"].endswith("…")
    assert len(many["p0"]) < 70
    assert many["b"] == "Short."


def test_a_required_parameter_keeps_its_160_characters_beside_many(tool: Make) -> None:
    made = tool({f"p{n}": {"description": LONG} for n in range(9)}, required=("p0",))
    assert 130 < len(comments(made)["p0"]) <= 160
    assert len(comments(made)["p1"]) < 70


def test_a_comment_that_says_which_values_are_taken_is_cut_later(tool: Make) -> None:
    values = "The day. Allowed values: Monday, Tuesday, Wednesday, Thursday, Friday and the days of the weekend."
    made = tool(
        {**{f"p{n}": {"description": LONG} for n in range(9)}, "day": {"type": "string", "description": values}}
    )
    assert comments(made)["day"].startswith("Allowed values: Monday, Tuesday, Wednesday, Thursday, Friday")


def test_facts_come_before_the_description_and_stay_when_it_is_an_echo(tool: Make) -> None:
    said = comments(tool({"pageSize": {"type": "integer", "minimum": 1, "default": 20, "description": "Page size"}}))
    assert said["pageSize"] == "default 20; >= 1"


def test_a_key_s_comment_is_said_once_in_a_module(tool: Make) -> None:
    def holder(name: str) -> dict[str, object]:
        said = {"code": {"type": "string", "description": "Two letters, ISO 3166"}, name: {"type": "string"}}
        return {"type": "object", "properties": said}

    text = generate_module(tool({"first": holder("a"), "second": holder("b")}), "do_it").text
    assert text.count("ISO 3166") == 1


def test_a_pattern_is_whole_or_not_at_all(tool: Make) -> None:
    said = {
        "short": {"type": "string", "pattern": "^[a-z]+$"},
        "long": {"type": "string", "pattern": "[a-z]" * 20},
        "day": {"type": "string", "format": "date", "pattern": "[0-9-]" * 20},
    }
    found = comments(tool(said))
    assert found["short"] == "pattern ^[a-z]+$"
    assert found["long"] == "a pattern too long to show"
    assert found["day"] == "format date"


def test_a_default_with_marks_of_its_own_stays_whole(tool: Make) -> None:
    assert comments(tool({"a": {"type": "string", "default": "x  y; z"}}))["a"] == 'default "x y; z"'


def test_a_fact_is_no_echo_of_a_name_that_says_it_too(tool: Make) -> None:
    said = {
        "date_format": {"type": "string", "format": "date"},
        "deprecated": {"type": "boolean", "deprecated": True},
        "holder": {"type": "object", "properties": {"unique": {"type": "array", "uniqueItems": True}}},
    }
    found = comments(tool(said))
    assert (found["date_format"], found["deprecated"], found["unique"]) == ("format date", "deprecated", "unique")
