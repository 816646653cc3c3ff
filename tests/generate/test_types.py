from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from codegen.generate.module import generate_module
from codegen.model import Tool

Make = Callable[..., Tool]
OBJECT: dict[str, Any] = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}


def parameter(schema: Any, tool: Make, **root: Any) -> str:
    """The type and comment of the one parameter."""
    whole = {"type": "object", "properties": {"a": schema}, "required": ["a"], **root}
    text = generate_module(tool(schema=whole), "do_it").text
    return next(line.removeprefix("    a: ") for line in text.split("\n") if line.startswith("    a: "))


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string"}, "str,"),
        ({"type": "integer"}, "int,"),
        ({"type": "number"}, "float,"),
        ({"type": "boolean"}, "bool,"),
        ({"type": "null"}, "None,"),
        ({"type": "string", "format": "date-time", "minLength": 1}, "str,  # not empty; format date-time"),
        ({"type": "string", "pattern": "^a+$", "maxLength": 5}, "str,  # <= 5 characters; pattern ^a+$"),
        ({"type": "integer", "minimum": 1, "maximum": 9}, "int,  # 1..9"),
        ({"type": "integer", "exclusiveMinimum": 0, "multipleOf": 5}, "int,  # > 0; multiple of 5"),
        ({"type": "integer", "maximum": 2**53 - 1}, "int,"),
        ({"enum": ["a", 1, True, None]}, 'Literal["a", 1, True] | None,'),
        ({"enum": [True, 1]}, "Literal[True, 1],"),
        ({"enum": [True, False]}, "bool,"),
        ({"const": "a"}, 'Literal["a"],'),
        ({"enum": [1.5, "a"]}, 'Literal["a"] | float,'),
        ({"enum": [{"k": 1}, [1]]}, "dict[str, Any] | list[Any],"),
        ({"type": "string", "enum": []}, "str,"),
        ({"type": "string", "enum": ["a", 1]}, 'Literal["a"],'),
        ({"type": "string", "enum": [f"v{n}" for n in range(169)]}, "str,  # one of 169, see describe()"),
        ({"type": ["string", "null"]}, "str | None,"),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, "str | None,"),
        ({"type": "string", "nullable": True}, "str | None,"),
        ({"type": "string", "default": None}, "str,"),
        ({"type": "string", "default": "x"}, 'str,  # default "x"'),
        ({"type": "array", "items": {"type": "string"}, "minItems": 1}, "list[str],  # not empty"),
        ({"type": "array"}, "list[Any],"),
        (
            {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
            "list[str | int],  # in this order: str, int",
        ),
        (
            {"type": "array", "items": [{"type": "string"}, {"type": "integer"}], "maxItems": 2},
            "list[str | int],  # <= 2 items; in this order: str, int",
        ),
        ({"type": "array", "prefixItems": [{"type": "string"}]}, "list[Any],  # in this order: str"),
        ({"type": "object"}, "dict[str, Any],"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "dict[str, int],"),
        ({"type": "object", "patternProperties": {"^x": {"type": "string"}}}, "dict[str, str],"),
        (OBJECT, "A,"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "str | int,"),
        ({"oneOf": [{"type": "string"}, {}]}, "Any,"),
        ({"anyOf": [{"const": "a"}, {"const": "b"}]}, 'Literal["a", "b"],'),
        ({"type": "string", "anyOf": [{"format": "date"}, {"format": "time"}]}, "str,"),
        ({"allOf": [{"type": ["string", "integer"]}, {"type": "string"}]}, "str,"),
        ({"allOf": [{"type": "number"}, {"type": "integer"}]}, "int,"),
        ({"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, 'Literal["b"],'),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "str,  # its rules exclude each other"),
        ({"$ref": "#/$defs/none"}, "Any,  # unresolved reference"),
        ({"$ref": "https://example.com/schema"}, "Any,  # unresolved reference"),
        ({"$ref": "file:///etc/passwd"}, "Any,  # unresolved reference"),
        ({"type": "string", "not": {"const": "x"}}, "str,  # also held to: not"),
        ({"items": {"type": "string"}}, "list[str],"),
        ({"properties": OBJECT["properties"]}, "A,"),
        ({"pattern": "a"}, "str,  # pattern a"),
        ({"minimum": 3}, "float,  # >= 3"),
        ({}, "Any,"),
        (True, "Any,"),
        ({"type": "dict"}, "dict[str, Any],"),
        ({"type": "float"}, "float,"),
        ({"type": "str"}, "str,"),
        ({"type": "any"}, "Any,"),
        ({"type": "Int"}, "int,"),
        ({"type": 5}, "Any,"),
        ({"type": "array", "items": 5}, "list[Any],"),
        ({"type": ["string", "?"]}, "Any,"),
        ({"type": "array", "items": False}, "list[Any],  # empty"),
        ({"type": "object", "properties": {}, "additionalProperties": False}, "dict[str, Any],  # empty"),
        ({"anyOf": [False, {"not": {}}, {"type": "string"}]}, "str,"),
        ({"allOf": [False]}, "Any,  # no value fits"),
        ({"allOf": [{"type": "dict"}, {"type": "object"}]}, "dict[str, Any],"),
        ({"allOf": [{"enum": [1, 2]}, {"enum": [True, 2.0, 1.0]}]}, "Literal[1, 2],"),
        ({"allOf": [{"$ref": "#/none"}, {"type": "string"}]}, "str,  # unresolved reference"),
        ({"anyOf": [{"const": n} for n in range(61)]}, "int,  # one of 61, see describe()"),
        (
            {"type": "array", "items": [{"type": "string"}], "additionalItems": {"type": "integer"}},
            "list[str | int],  # in this order: str",
        ),
        ({"$ref": "#/$defs/no", "type": "integer"}, "int,  # unresolved reference"),
        ({"type": "string", "description": "One\nline. " * 40}, "str,  # " + "One line. " * 14 + "…"),
    ],
)
def test_a_construct_becomes_its_type(schema: Any, said: str, tool: Make) -> None:
    assert parameter(schema, tool) == said


def test_a_property_that_can_not_be_is_left_out(tool: Make) -> None:
    module = generate_module(tool({"a": False, "b": {"not": {}}, "c": True}), "do_it")
    assert [each.name for each in module.parameters.each] == ["c"]


def test_an_object_beside_other_keys_takes_extra_items(tool: Make) -> None:
    text = generate_module(tool({"a": {**OBJECT, "additionalProperties": {"type": "string"}}}), "do_it").text
    assert "class A(TypedDict, extra_items=str):\n    x: int\n" in text
    closed = generate_module(tool({"a": {**OBJECT, "additionalProperties": False}}), "do_it").text
    assert "class A(TypedDict):\n" in closed


def test_branches_of_objects_are_named_by_what_tells_them_apart(tool: Make) -> None:
    def kind(value: str) -> dict[str, Any]:
        return {"type": "object", "properties": {"kind": {"const": value}}, "required": ["kind"]}

    assert parameter({"oneOf": [kind("circle"), kind("square")]}, tool) == "CircleA | SquareA,"


def test_a_base_holds_in_every_branch(tool: Make) -> None:
    base = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
    branches = [{"properties": {"x": {"type": "integer"}}}, {"properties": {"y": {"type": "integer"}}}]
    text = generate_module(tool({"a": {**base, "anyOf": branches}}), "do_it").text
    assert "class A(TypedDict):\n    x: NotRequired[int]\n    id: str\n" in text.replace(
        "    id: str\n    x: NotRequired[int]\n", "    x: NotRequired[int]\n    id: str\n"
    )
    assert "a: A | A2 = UNSET" in text


def test_branches_that_only_require_are_said_in_the_comment(tool: Make) -> None:
    schema = {**OBJECT, "required": [], "anyOf": [{"required": ["x"]}, {"required": ["y", "z"]}]}
    assert parameter(schema, tool) == "A,  # needs x or y+z"


def test_allof_is_one_object(tool: Make) -> None:
    base = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
    schema = {"allOf": [{"$ref": "#/$defs/Base"}, OBJECT]}
    whole = {"type": "object", "properties": {"a": schema}, "$defs": {"Base": base}}
    text = generate_module(tool(schema=whole), "do_it").text
    assert "class A(TypedDict):\n    id: str\n    x: int\n" in text


def test_references_are_read_as_the_standards_say(tool: Make) -> None:
    definitions = {"a/b": {"type": "string"}, "c%d": {"type": "integer"}, "e": {"$anchor": "here", "type": "boolean"}}
    for ref, said in {"#/$defs/a~1b": "str,", "#/$defs/c%25d": "int,", "#here": "bool,"}.items():
        assert parameter({"$ref": ref}, tool, **{"$defs": definitions}) == said


def test_definitions_that_only_name_each_other_are_any(tool: Make) -> None:
    circle = {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}
    assert parameter({"$ref": "#/$defs/a"}, tool, **{"$defs": circle}).startswith("Any,")
    alias = {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}}}
    assert parameter({"$ref": "#/$defs/a"}, tool, **{"$defs": alias}).startswith("list[Any],")


EXPRESSION: dict[str, Any] = {
    "oneOf": [
        {"type": "string"},
        {"type": "array", "items": {"$ref": "#/$defs/Expression"}},
        {"type": "object", "properties": {"of": {"$ref": "#/$defs/Expression"}}, "required": ["of"]},
    ]
}


def test_recursion_through_a_choice_is_exact_inside_the_class_that_ends_it(tool: Make) -> None:
    whole = {"properties": {"a": {"$ref": "#/$defs/Expression"}}, "$defs": {"Expression": EXPRESSION}}
    text = generate_module(tool(schema=whole), "do_it").text
    assert 'class Expression(TypedDict):\n    of: "str | list[Any] | Expression"  # refers to itself\n' in text
    assert "    a: str | list[Any] | Expression = UNSET,  # refers to itself\n" in text


def test_a_part_of_a_class_that_is_written_once_may_be_referred_to(tool: Make) -> None:
    def whole(**properties: Any) -> dict[str, Any]:
        node = {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}}
        return {"type": "object", "properties": properties, "$defs": {"Node": node}}

    node, part = {"$ref": "#/$defs/Node"}, {"$ref": "#/$defs/Node/properties/children"}
    text = generate_module(tool(schema=whole(a=node), output=whole(a=node, b=part)), "do_it").text
    assert "    a: NotRequired[Node]\n    b: NotRequired[list[Node2]]\n" in text


def test_recursion_through_two_choices_is_written_out_to_the_class(tool: Make) -> None:
    one = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/$defs/Two"}}]}
    two = {"anyOf": [{"type": "integer"}, {"type": "object", "properties": {"one": {"$ref": "#/$defs/One"}}}]}
    whole = {"properties": {"a": {"$ref": "#/$defs/One"}}, "$defs": {"One": one, "Two": two}}
    text = generate_module(tool(schema=whole), "do_it").text
    assert 'class Two(TypedDict):\n    one: NotRequired[str | list["int | Two"]]\n' in text
    assert "    a: str | list[int | Two] = UNSET,\n" in text


def test_a_reference_that_only_one_anchor_can_mean_is_followed(tool: Make) -> None:
    one = {"x": {"$dynamicAnchor": "here", "type": "integer"}}
    assert parameter({"$dynamicRef": "#here"}, tool, **{"$defs": one}) == "int,"
    two = {**one, "y": {"$id": "other", "$dynamicAnchor": "here", "type": "string"}}
    assert parameter({"$dynamicRef": "#here"}, tool, **{"$defs": two}) == "Any,  # unresolved reference"


def test_keys_that_are_only_required_are_keys(tool: Make) -> None:
    text = generate_module(tool({"a": {"type": "object", "required": ["x"]}}), "do_it").text
    assert "class A(TypedDict, extra_items=Any):\n    x: Any\n" in text


@pytest.mark.parametrize("key", ["", "half \ud83d"])
def test_a_key_that_type_checkers_can_not_read_is_one_of_those_not_named(key: str, tool: Make) -> None:
    keys = {"x": {"type": "string"}, key: {"type": "integer"}}
    text = generate_module(tool({"a": {"type": "object", "properties": keys, "required": [key]}}), "do_it").text
    assert "class A(TypedDict, extra_items=int):\n    x: NotRequired[str]\n\n" in text


def test_an_object_of_which_a_part_is_missing_takes_other_keys(tool: Make) -> None:
    text = generate_module(tool({"a": {"allOf": [{"$ref": "#/none"}, OBJECT]}}), "do_it").text
    assert "class A(TypedDict, extra_items=Any):\n    x: int\n" in text


def test_the_description_beside_a_reference_comes_before_the_definition_s_own(tool: Make) -> None:
    definitions = {"Size": {"type": "integer", "description": "theirs", "minimum": 1}}
    assert parameter({"$ref": "#/$defs/Size"}, tool, **{"$defs": definitions}) == "int,  # >= 1; theirs"
    beside = {"$ref": "#/$defs/Size", "description": "ours"}
    assert parameter(beside, tool, **{"$defs": definitions}) == "int,  # >= 1; ours"


def test_variants_of_the_root_are_joined(tool: Make) -> None:
    variants = [
        {"properties": {"id": {"type": "string"}, "all": {"type": "boolean"}}, "required": ["id"]},
        {"properties": {"id": {"type": "integer"}, "name": {"type": "string"}}, "required": ["id", "name"]},
    ]
    text = generate_module(tool(schema={"type": "object", "oneOf": variants}), "do_it").text
    rows = ["*,  # needs one of: id, id+name", "id: str | int,", "all: bool = UNSET,", "name: str = UNSET,"]
    assert "".join(f"    {row}\n" for row in rows) in text


def test_a_required_name_without_a_property_is_a_parameter(tool: Make) -> None:
    schema = {"type": "object", "properties": {"a": {}}, "required": ["b"], "additionalProperties": True}
    assert [each.name for each in generate_module(tool(schema=schema), "do_it").parameters.each] == ["b", "a"]


def test_a_schema_larger_than_anyone_reads_is_cut_and_still_callable(tool: Make) -> None:
    module = generate_module(tool({f"p{n}": {"type": "string"} for n in range(5_000)}, required=("p4999",)), "do_it")
    assert len(module.parameters.each) == 1_000
    assert module.parameters.each[0].name == "p4999"
    assert module.parameters.extra is not None


def test_schemas_that_double_at_each_level_end(tool: Make) -> None:
    def doubling(n: int) -> dict[str, Any]:
        following = {"$ref": f"#/$defs/d{n + 1}"}
        either = [{"type": "array", "items": following}, {"type": "object", "additionalProperties": following}]
        return {"anyOf": either}

    definitions = {f"d{n}": doubling(n) for n in range(60)} | {"d60": {"type": "string"}}
    chain = {f"e{n}": {"allOf": [{"$ref": f"#/$defs/e{n + 1}"}] * 2} for n in range(60)} | {"e60": {"type": "string"}}
    schema = {"properties": {"a": {"$ref": "#/$defs/d0"}, "b": {"$ref": "#/$defs/e0"}}, "$defs": definitions | chain}
    assert len(generate_module(tool(schema=schema), "do_it").text) < 3_000


@pytest.mark.parametrize("word", ["items", "properties", "allOf", "anyOf", "not", "default", "enum"])
def test_a_schema_nested_deeper_than_the_stack_costs_only_its_corner(word: str, tool: Make) -> None:
    schema: Any = {"type": "string"}
    for _ in range(900):
        inner = {"properties": {"n": schema}, "allOf": [schema, {}], "anyOf": [schema, {"type": "integer"}]}
        schema = {word: inner.get(word, [schema] if word in {"default", "enum"} else schema)}
    assert "def do_it(" in generate_module(tool({"a": schema}, required=("a",)), "do_it").text
