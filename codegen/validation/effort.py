"""How much work it is to hold arguments against a schema, told before it is done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from codegen.generate.merge import type_names
from codegen.generate.refs import Document
from codegen.model import Json, JsonObject, JsonSchema
from codegen.validation.loosen import REFERENCES, inner_schemas

MOST_STEPS = 40_000
"""A schema held against a value is a step; one of several variants that may hold is as many as its errors cost."""

ERRORS = 10
MOST_WRITTEN_OUT = 2_000
DEEPEST = 600
"""Levels of the value and of the schemas that hold it; a reference that only leads round in a circle has no last."""


_NAMES: dict[type, frozenset[str]] = {
    bool: frozenset({"boolean"}),
    int: frozenset({"integer", "number"}),
    float: frozenset({"integer", "number"}),
    str: frozenset({"string"}),
    list: frozenset({"array"}),
    dict: frozenset({"object"}),
    type(None): frozenset({"null"}),
}


def is_plain(document: Document) -> bool:
    """Whether no arguments at all take long: with every reference written out the schema ends, and is small."""
    count = 0
    waiting: list[Any] = [document.root]
    while waiting:
        at = waiting.pop()
        if isinstance(at, dict):
            count += 1
            if count > MOST_WRITTEN_OUT:
                return False
            waiting += inner_schemas(at, definitions=False)
            waiting += _targets(at, document)
    return True


def is_affordable(arguments: JsonObject, document: Document) -> bool:
    """Whether validation ends soon: references let a schema of ten lines take 2**30 steps, or go round forever.

    Walks as a validator would that knows no value is wrong and so never stops early.
    """
    spent = 0
    waiting: list[tuple[JsonSchema, Json, int, int]] = [(document.root, arguments, 0, 1)]
    while waiting:
        schema, value, depth, cost = waiting.pop()
        spent += cost * _steps(schema, value)
        if spent > MOST_STEPS or depth > DEEPEST:
            return False
        waiting += [(each, value, depth + 1, cost) for each in _beside(schema, document)]
        for word in ("anyOf", "oneOf"):
            branches = _dicts(schema.get(word))
            several = sum(_may_hold(each, value, document) for each in branches) > 1
            waiting += [(each, value, depth + 1, ERRORS if several else cost) for each in branches]
        waiting += [(each, inner, depth + 1, cost) for each, inner in _below(schema, value)]
    return True


def _steps(schema: JsonSchema, value: Json) -> int:
    """What a value itself costs: a long text its patterns, an object an error for each key that it may lack."""
    if isinstance(value, str):
        return 1 + len(value) // 1000
    required = schema.get("required") if isinstance(value, dict) else None
    return 1 + len(required) if isinstance(required, list) else 1


def _beside(schema: JsonSchema, document: Document) -> list[JsonSchema]:
    """The schemas that the same value is held to as well."""
    found = _targets(schema, document)
    found += [schema.get(word) for word in ("not", "if", "then", "else")]
    found += _dicts(schema.get("allOf"))
    found += [*_values(schema.get("dependentSchemas")), *_values(schema.get("dependencies"))]
    return _dicts(found)


def _targets(schema: JsonSchema, document: Document) -> list[Any]:
    return [document.resolve(schema[word], schema) for word in REFERENCES.intersection(schema)]


def _below(schema: JsonSchema, value: Json) -> Iterator[tuple[JsonSchema, Json]]:
    """The members of a value, each with a schema that it is held to."""
    if isinstance(value, dict):
        properties = schema.get("properties")
        named = properties if isinstance(properties, dict) else {}
        rest = [schema.get(word) for word in ("additionalProperties", "unevaluatedProperties")]
        every = _dicts([*_values(schema.get("patternProperties")), *rest])
        for key, inner in value.items():
            yield from ((each, inner) for each in (*_dicts([named.get(key)]), *every))
    elif isinstance(value, list):
        every = _dicts([schema.get(word) for word in ("items", "additionalItems", "unevaluatedItems", "contains")])
        placed = schema.get("prefixItems", schema.get("items"))
        for at, inner in enumerate(value):
            here = placed[at : at + 1] if isinstance(placed, list) else []
            yield from ((each, inner) for each in (*_dicts(here), *every))


def _may_hold(branch: JsonSchema, value: Json, document: Document) -> bool:
    for _ in range(8):
        target = document.resolve(branch.get("$ref"), branch)
        if not isinstance(target, dict):
            break
        branch = target
    names = type_names(branch)
    return names is None or not _NAMES[type(value)].isdisjoint(names)


def _dicts(values: object) -> list[JsonSchema]:
    return [each for each in values if isinstance(each, dict)] if isinstance(values, list) else []


def _values(value: object) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else []
