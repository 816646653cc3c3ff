"""A shape holds kinds and keys, and no value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from learning.written import TEXT, WHOLE, entries, json_values, record

from codegen.learning.observe import MOST_VALUES, shape_of
from codegen.learning.shape import well_formed


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("5", TEXT),
        (5, WHOLE),
        (True, {"type": "boolean"}),
        (None, {"type": "null"}),
        ([], {"type": "array"}),
        ({}, record()),
        ([1, 2.5], {"type": "array", "items": {"type": "number"}}),
        ([{"id": 1}, {"id": "x"}], {"type": "array", "items": record(id={"type": ["string", "integer"]})}),
        ({"First Name": "Ada", "temperature_2m_max": 1}, record(**{"First Name": TEXT, "temperature_2m_max": WHOLE})),
        ({"@type": "x", "dc:content-type": "y"}, record(**{"@type": TEXT, "dc:content-type": TEXT})),
        ({"line1": "a", "line2": "b"}, record(line1=TEXT, line2=TEXT)),
    ],
)  # fmt: skip
def test_a_value_is_its_kinds_and_the_names_of_its_fields(value, shape):
    assert shape_of(value) == shape


@pytest.mark.parametrize(
    "keys",
    [
        ["10023"],
        ["ada@example.com"],
        ["2025-01-31", "2025-02-01"],
        ["00000000-0000-0000-0000-000000000000"],
        ["9f86d081884c7d65"],
        ["sk-live-51H8abcdefgh12345678", "ghp_0a1b2c3d4e5f6a7b8c9d"],
        ["AKIAIOSFODNN7ABCDEFG"],
        ["fe80::1", "2001:db8::ff00:42:8329"],
        ["db-01.internal.example.com"],
        ["src/main.py", "README.md"],
        ["https://example.com/a"],
        ["ord_10023", "ord_10024"],
        ["item1", "item2", "item3"],
        ["a key that is a whole sentence, as nobody calls a field"],
        ["x" * 61],
    ],
)
def test_keys_that_are_data_are_the_keys_of_a_map(keys):
    assert shape_of(dict.fromkeys(keys, 1)) == entries(WHOLE)


def test_many_alike_objects_under_any_names_are_a_map():
    people = {name: {"age": 1, "city": "x"} for name in ("ada", "bob", "cyd", "dan", "eve", "fay", "gus", "hal")}
    assert shape_of(people) == entries(record(age=WHOLE, city=TEXT))
    few = {name: people[name] for name in ("ada", "bob")}
    assert shape_of(few) == record(ada=record(age=WHOLE, city=TEXT), bob=record(age=WHOLE, city=TEXT))


def test_data_among_fields_is_what_comes_besides_them():
    assert shape_of({"total": 1, "10023": {"x": "y"}}) == {
        **record(total=WHOLE),
        "additionalProperties": record(x=TEXT),
    }


def test_what_lies_deep_is_anything():
    deep: Any = 1
    for _ in range(5_000):
        deep = {"a": [deep]}
    assert json.dumps(shape_of(deep)).count('"a":') == 4


def test_a_huge_result_is_looked_at_in_part():
    looked = shape_of([{"id": 1}] * MOST_VALUES + ["the last"])
    assert looked == {"type": "array", "items": record(id=WHOLE)}


def test_a_record_that_is_only_seen_in_part_makes_no_field_optional():
    row = {"id": 1, "name": "x", "total": 2.5, "to": {"city": "x", "zip": "y"}, "tags": ["x"]}
    once = shape_of(row)
    assert shape_of([row] * 2_000) == {"type": "array", "items": once}
    assert shape_of({f"ord_{n:05}": row for n in range(2_000)}) == {"type": "object", "additionalProperties": once}
    assert shape_of({"rows": [row] * 2_000, "next": {"page": 2, "of": {"n": 3}}, "more": [row]}) == record(
        rows={"type": "array", "items": once},
        next=record(page=WHOLE, of=record(n=WHOLE)),
        more={"type": "array", "items": once},
    )


def test_no_more_than_some_values_are_looked_at():
    class Counted(dict):
        looked = 0

        def items(self):
            for item in super().items():
                Counted.looked += 1
                yield item

    wide: Any = 1
    for _ in range(4):
        wide = Counted({f"key_{n}": wide for n in range(40)})
    shape_of(wide)
    assert MOST_VALUES // 2 < Counted.looked <= MOST_VALUES + 10


@settings(derandomize=True, deadline=None)
@given(json_values)
def test_any_json_has_a_shape_in_which_no_text_of_it_stands(value):
    shape = shape_of(value)
    assert well_formed(shape)
    assert json.loads(json.dumps(shape)) == shape


def test_no_value_is_kept():
    secret = "sk-live-4242"
    assert secret not in json.dumps(shape_of({"key": secret, "list": [secret], "map": {secret: 1}}))
