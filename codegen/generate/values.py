"""What `type`, `enum` and `const` say, as shapes."""

from __future__ import annotations

from typing import Any

from codegen.generate.literals import literal
from codegen.generate.merge import type_names
from codegen.generate.shapes import ANY, ATOMS, NONE, Shape, choice, list_of, map_of, union, with_note
from codegen.model import JsonSchema

MOST_VALUES = 60
"""Literals that an agent reads; a longer list is its base type and `describe`."""

WORDS: dict[str, str] = {
    "string": "str", "str": "str", "text": "str", "date": "str", "datetime": "str", "uuid": "str", "uri": "str",
    "integer": "int", "int": "int", "long": "int", "number": "float", "float": "float", "double": "float",
    "decimal": "float", "boolean": "bool", "bool": "bool",
    "null": "None", "none": "None", "nil": "None",
    "array": "array", "list": "array", "tuple": "array", "set": "array",
    "object": "object", "dict": "object", "map": "object", "record": "object",
}  # fmt: skip
"""What a `type` says, the standard's seven and what people write instead."""


def values_shape(values: list[Any], flat: JsonSchema) -> Shape:
    allowed = {WORDS.get(word, "") for word in type_names(flat) or ()}
    fitting = [value for value in values if not allowed or _python_kind(value) & allowed] or values
    few = len(fitting) <= MOST_VALUES and sum(len(v) for v in fitting if isinstance(v, str)) <= 2_000
    shapes = dict.fromkeys(_literal_shape(value, literally=few) for value in fitting)
    shape = union(shapes)
    return shape if few else with_note(shape, f"one of {len(fitting)}, see describe()")


def _literal_shape(value: object, *, literally: bool) -> Shape:
    kinds = {str: "str", bool: "bool", int: "int", float: "float"}
    if value is None:
        return NONE
    if isinstance(value, list):
        return list_of(ANY)
    if isinstance(value, dict):
        return map_of(ANY)
    if not literally or not _can_be_literal(value):
        return ATOMS.get(kinds.get(type(value), ""), ANY)
    return choice([literal(value)])


def _can_be_literal(value: object) -> bool:
    if isinstance(value, str):
        # A lone surrogate is no character to a type checker written in another language.
        return len(value) <= 500 and not any("\ud800" <= each <= "\udfff" for each in value)
    return isinstance(value, bool) or (isinstance(value, int) and value.bit_length() < 63)


def _python_kind(value: object) -> set[str]:
    if value is None:
        return {"None"}
    if isinstance(value, bool):
        return {"bool"}
    if isinstance(value, (int, float)):
        return {"int", "float"} if isinstance(value, int) or value.is_integer() else {"float"}
    return {"str"} if isinstance(value, str) else {"array"} if isinstance(value, list) else {"object"}
