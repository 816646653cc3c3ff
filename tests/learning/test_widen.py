"""What is learned is only ever widened."""

from __future__ import annotations

import copy

from hypothesis import given, settings
from learning.written import TEXT, WHOLE, entries, json_values, record

from codegen.learning.observe import shape_of
from codegen.learning.shape import kinds, published, size, well_formed
from codegen.learning.widen import MOST_TYPES, bounded, widened, wider


def accepts(shape: object, value: object) -> bool:
    """Whether a value is of a shape."""
    if shape is True:
        return True
    kind = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string"}.get(type(value))
    if isinstance(value, list):
        return "array" in kinds(shape) and all(accepts(shape.get("items", {}), each) for each in value)
    if isinstance(value, dict):
        fields, rest = shape.get("properties", {}), shape.get("additionalProperties")
        if "object" not in kinds(shape) or not set(shape.get("required", ())) <= value.keys():
            return False
        return all(
            accepts(fields[key], each) if key in fields else rest is not None and accepts(rest, each)
            for key, each in value.items()
        )
    return kind in kinds(shape) or (kind == "integer" and "number" in kinds(shape))


@settings(derandomize=True, deadline=None, max_examples=300)
@given(json_values, json_values, json_values)
def test_a_widened_shape_accepts_all_that_was_seen_and_stays_when_it_is_seen_again(one, two, three):
    shape = None
    for value in (one, two, three):
        before = copy.deepcopy(shape)
        shape = wider(shape, shape_of(value))
        assert before is None or widened(shape, before) == shape, "it was narrowed"
    assert well_formed(shape)
    for value in (one, two, three):
        assert accepts(shape, value)
        assert wider(shape, shape_of(value)) is shape


def test_a_field_that_was_missing_once_is_optional():
    both = widened(shape_of({"id": 1, "note": "x"}), shape_of({"id": 2, "late": True}))
    assert both["required"] == ["id"]
    assert [*both["properties"]] == ["id", "note", "late"]


def test_null_and_a_text_are_an_optional_text():
    assert widened(shape_of([None]), shape_of(["x"])) == {"type": "array", "items": {"type": ["string", "null"]}}
    assert widened(WHOLE, {"type": "number"}) == {"type": "number"}


def test_an_empty_list_says_nothing_of_its_items():
    assert widened(shape_of([]), shape_of([{"id": 1}])) == {"type": "array", "items": record(id=WHOLE)}
    assert published(shape_of({"items": [], "owner": None})) == record(items={"type": "array"}, owner={})


def test_alike_objects_under_other_names_each_time_are_a_map():
    one, other = shape_of({"ada": {"age": 1}}), shape_of({"bob": {"age": 2}})
    assert widened(one, other) == entries(record(age=WHOLE))
    answer, error = shape_of({"result": "x"}), shape_of({"error": "y"})
    assert [*widened(answer, error)["properties"]] == ["result", "error"]


def test_a_map_takes_in_what_looked_like_a_record():
    assert widened(entries(WHOLE), record(total=TEXT)) == entries({"type": ["string", "integer"]})


def test_objects_with_ever_new_fields_become_a_map():
    shape = shape_of({"name": "x"})
    for number in range(80):
        shape = wider(
            shape, shape_of({"name": "x", f"field_{'abcdefghij'[number % 10]}{'klmnopqr'[number // 10]}": number})
        )
    assert shape == entries({"type": ["string", "integer"]})


def test_a_large_shape_gives_up_its_depth_and_not_its_top():
    row = {f"f{'abcdefghij'[n]}": {f"g{'abcdefghij'[m]}": {"x": 1, "y": [2]} for m in range(6)} for n in range(7)}
    shape = bounded(shape_of([{**row, "id": 1}]))
    assert size(shape) <= MOST_TYPES
    assert [*shape["items"]["properties"]][-1] == "id"
    assert wider(shape, shape_of([{**row, "id": 1}])) is shape
