from __future__ import annotations

from typing import Any

import pytest

from codegen.generate.alias import generate_alias

POINT = {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"const": 1}}, "required": ["x"]}


def test_a_schema_is_a_module_with_its_classes_and_its_name() -> None:
    assert generate_alias({"type": "array", "items": {"title": "Point", **POINT}}, "Points", source=".._client") == (
        "from .._client import Literal, NotRequired, TypedDict\n\n\n"
        "class Point(TypedDict):\n    x: int\n    y: NotRequired[Literal[1]]\n\n\n"
        "Points = list[Point]\n"
    )


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "integer"}, "float"),  # 1.0 is one
        ({"enum": [1, "a", True]}, 'Literal["a", True] | float'),
        ({"items": {"type": "string"}}, "Any"),
        ({"type": "object", "properties": {}}, "dict[str, Any]"),
        ({"not": {}}, "Never"),
        (False, "Never"),
        ({"anyOf": [False, {"allOf": [False]}]}, "Never"),
        (5, "Any"),
    ],
)
def test_by_the_letter_a_type_takes_all_that_its_schema_takes(schema: Any, said: str) -> None:
    assert generate_alias(schema, faithful=True).endswith(f"RootT = {said}\n")


def test_by_the_letter_an_object_that_does_not_say_otherwise_is_open() -> None:
    assert "class Root(TypedDict, extra_items=Any):" in generate_alias(POINT, faithful=True)


@pytest.mark.parametrize(("edition", "said"), [("http://json-schema.org/draft-07/schema#", "float"), ("", "str")])
def test_by_the_letter_of_draft_7_nothing_beside_a_reference_counts(edition: str, said: str) -> None:
    schema = {
        "$schema": edition,
        "$ref": "#/definitions/n",
        "type": "string",
        "definitions": {"n": {"type": "integer"}},
    }
    assert generate_alias(schema, faithful=True).endswith(f"RootT = {said}\n")


def test_a_class_is_never_called_like_the_alias() -> None:
    assert "class Point2(TypedDict):" in generate_alias({"title": "Point", **POINT}, "Point")
