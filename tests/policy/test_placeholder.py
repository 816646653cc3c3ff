"""What a dry run gives in the place of a write's result."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.model import Tool
from codegen.policy.placeholder import MOST_CHARACTERS, MOST_ITEMS, placeholder, placeholder_of

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "tools.jsonl.gz"
NODE = {"$ref": "#/$defs/Node"}


def recursive(node: dict[str, Any]) -> dict[str, Any]:
    return {**NODE, "$defs": {"Node": {"type": "object", "required": ["next"], "properties": {"next": node}}}}


LIST = recursive(NODE)
TREE = recursive({"anyOf": [NODE, {"type": "null"}]})
WIDE = recursive({"anyOf": [{"minProperties": number, **NODE} for number in range(20)]})


def fits(value: Any, schema: Any) -> bool:
    return jsonschema_rs.validator_for(schema, offline=True, validate_formats=True).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "<dry run>"),
        ({"type": "string", "maxLength": 3}, "<dr"),
        ({"type": "string", "minLength": 12}, "<dry run>..."),
        ({"type": "string", "format": "date"}, "2000-01-01"),
        ({"type": "string", "pattern": "^[a-z-]+$"}, "dry-run"),
        ({"type": "string", "pattern": "^AS[0-9]+$", "examples": [5, "AS1"]}, "AS1"),
        ({"enum": ["open", "closed"]}, "open"),
        ({"type": "string", "enum": [None, "open"]}, "open"),
        ({"const": 5}, 5),
        ({"type": "integer"}, 0),
        ({"type": "integer", "minimum": 1}, 1),
        ({"type": "integer", "exclusiveMinimum": 1}, 2),
        ({"type": "integer", "maximum": -3}, -3),
        ({"type": "integer", "minimum": 1, "multipleOf": 5}, 5),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"type": "number", "minimum": -1, "maximum": 1}, 0),
        ({"type": "boolean"}, False),
        ({"type": ["null", "string"]}, "<dry run>"),
        ({"type": "null"}, None),
        ({"type": "array", "items": {"type": "string"}}, []),
        ({"type": "array", "items": {"type": "string"}, "minItems": 2}, ["<dry run>"] * 2),
        ({"prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2}, [0, "<dry run>"]),
        ({"type": "array", "contains": {"type": "integer"}}, [0]),
        ({"properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]}, {"a": "<dry run>"}),
        ({"required": ["a"], "additionalProperties": {"type": "integer"}}, {"a": 0}),
        ({"type": "object", "minProperties": 1, "additionalProperties": {"type": "integer"}}, {"key_1": 0}),
        ({"type": "object", "required": ["a"], "dependentRequired": {"a": ["b"]}}, {"a": None, "b": None}),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, 0),
        ({"allOf": [{"required": ["a"]}, {"properties": {"a": {"type": "integer"}}}]}, {"a": 0}),
        ({"oneOf": [False, {"const": "x"}]}, "x"),
        (TREE, {"next": None}),
        ({}, None),
    ],
)
def test_it_is_the_least_that_fits(schema: dict[str, Any], expected: Any) -> None:
    made = placeholder(schema)
    assert made == expected
    assert type(made) is type(expected)
    assert fits(made, schema)


def test_a_type_that_never_ends_or_has_no_value_ends_all_the_same() -> None:
    for schema in (LIST, WIDE, {"not": {}, "enum": []}, {"allOf": [False]}, {"$ref": "#/nowhere"}):
        json.dumps(placeholder(schema))
    assert len(placeholder({"type": "array", "minItems": 10**12})) == MOST_ITEMS  # type: ignore[arg-type]
    assert len(placeholder({"type": "string", "minLength": 10**12})) == MOST_CHARACTERS  # type: ignore[arg-type]


def test_it_is_of_the_type_that_the_file_shows() -> None:
    wrapped = {
        "title": "tOutput",
        "type": "object",
        "properties": {"result": {"type": "integer"}},
        "required": ["result"],
    }
    declared = Tool("s", "t", {"outputSchema": wrapped})
    learned: dict[str, Any] = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
    assert placeholder_of(Tool("s", "t", {})) is None
    assert placeholder_of(declared) == 0
    assert placeholder_of(Tool("s", "t", {}, learned=learned)) == {"id": "<dry run>"}
    assert placeholder_of(Tool("s", "t", {"outputSchema": wrapped}, returns={"enum": ["a"]})) == "a"


BOUND = st.integers(-20, 20)


@st.composite
def between(draw: Any, low: str, high: str, values: Any) -> dict[str, Any]:
    one, two = sorted((draw(values), draw(values)))
    said = {low: one, high: two + 1}
    return {key: said[key] for key in said if draw(st.booleans())}


def schemas(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    named = st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    count = st.integers(0, 3)
    return st.one_of(
        st.builds(
            lambda properties, more: {"type": "object", "properties": properties, **more},
            named,
            st.fixed_dictionaries(
                {}, optional={"required": st.sets(st.sampled_from(["a", "b", "d"])).map(sorted), "minProperties": count}
            ),
        ),
        st.builds(
            lambda items, more: {"type": "array", "items": items, **more}, inner, between("minItems", "maxItems", count)
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda each: {"anyOf": each}),
    )


NUMBERS = st.builds(
    lambda kind, low, high: {"type": kind, **low, **high},
    st.sampled_from(["integer", "number"]),
    between("minimum", "maximum", BOUND) | between("exclusiveMinimum", "maximum", BOUND),
    st.just({}) | st.just({"multipleOf": 1}),
)
TEXTS = between("minLength", "maxLength", st.integers(0, 30)).map(lambda more: {"type": "string", **more})
ATOMS = st.one_of(
    NUMBERS, TEXTS, st.sampled_from([{}, {"type": "null"}, {"type": ["null", "boolean"]}, {"enum": [1, "x"]}])
)


NESTED = st.recursive(ATOMS, schemas, max_leaves=8)


@given(NESTED | NESTED.map(lambda each: {"$ref": "#/$defs/x", "$defs": {"x": each}}))
def test_it_fits_the_schema(schema: dict[str, Any]) -> None:
    assert fits(placeholder(schema), schema)


@pytest.mark.skipif(not CORPUS.is_file(), reason=f"no corpora at {CORPUS.parent}")
def test_it_fits_what_real_tools_declare() -> None:
    with gzip.open(CORPUS, "rt", encoding="utf-8") as file:
        declared = [row["outputSchema"] for row in map(json.loads, file) if isinstance(row.get("outputSchema"), dict)]
    assert len(declared) > 100
    assert [schema for schema in declared if not fits(placeholder(schema), schema)] == []
