"""An input schema with more said about one of its arguments: both hold, and what was said last is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from codegen.generate.merge import type_names
from codegen.generate.parameters import read_parameters
from codegen.generate.refs import Document
from codegen.generate.types import Types, never
from codegen.model import JsonSchema

_WORDS = frozenset({"title", "description", "default", "examples", "deprecated", "$comment"})
_DEEPEST = 5
_MOST_BRANCHES = 64

_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": (int, float),
    "number": (int, float),
    "null": type(None),
    "array": list,
    "object": dict,
}
_BOUNDS = {
    "string": ("minLength", "maxLength"),
    "integer": ("minimum", "maximum"),
    "number": ("minimum", "maximum"),
    "array": ("minItems", "maxItems"),
}


def arguments_of(schema: JsonSchema, document: Document, depth: int = 0) -> dict[str, list[Any]]:
    """The arguments of a tool by name, each with its schemas: more than one where variants of the root differ."""
    target, _ = document.target(schema)
    flat = document.flat(target) if isinstance(target, dict) and document.spend(1) else {}
    properties, required = flat.get("properties"), flat.get("required")
    shown = properties.items() if isinstance(properties, dict) else ()
    own = {wire: [each] for wire, each in shown if isinstance(wire, str) and not never(each)}
    found: dict[str, list[Any]] = {}
    for word in ("oneOf", "anyOf") if depth < _DEEPEST else ():
        for branch in _branches(flat, word):
            for wire, each in arguments_of(branch, document, depth + 1).items():
                found.setdefault(wire, []).extend(each)
    named = {wire: [True] for wire in required if isinstance(wire, str)} if isinstance(required, list) else {}
    return {**named, **found, **own}


def narrowed(schema: JsonSchema, argument: str, more: JsonSchema) -> JsonSchema:
    """The schema with `more` beside what it says of an argument. No part that a reference may point to moves."""
    properties = schema.get("properties")
    here = properties.get(argument) if isinstance(properties, dict) else None
    if not isinstance(properties, dict) or not isinstance(here, dict) or "$ref" in schema:
        return _beside(schema, argument, more)
    worded = {**here, **{word: value for word, value in more.items() if word in _WORDS}}
    rules = {word: value for word, value in more.items() if word not in _WORDS}
    if rules and not _is_pointed_into(schema):
        # First what was said last: of two bounds or texts the generated module shows the first.
        return {**schema, "properties": {**properties, argument: {**more, "allOf": [*more.get("allOf", []), here]}}}
    inside = {**schema, "properties": {**properties, argument: worded}}
    return _beside(inside, argument, rules) if rules else inside


def is_possible(schemas: list[Any], more: JsonSchema, document: Document) -> bool:
    """Whether a value is left that fits `more` and one of the schemas, as far as types, values and bounds tell."""
    return any(not _excluded(more, each, document) for each in schemas)


def _beside(schema: JsonSchema, argument: str, more: JsonSchema) -> JsonSchema:
    """A rule at the root. A reference there becomes one of several: old editions read nothing that stands beside it."""
    every = schema.get("allOf")
    rule: JsonSchema = {"properties": {argument: more}}
    if "unevaluatedProperties" not in schema and read_parameters(schema, Types()).extra is not None:
        rule["additionalProperties"] = True  # or the generator takes an object that names keys for one that is closed
    rules = [*every, rule] if isinstance(every, list) else [rule]
    if "$ref" not in schema:
        return {**schema, "allOf": rules}
    rest = {word: value for word, value in schema.items() if word != "$ref"}
    return {**rest, "allOf": [*rules, {"$ref": schema["$ref"]}]}


def _is_pointed_into(schema: JsonSchema) -> bool:
    waiting: list[Any] = [schema]
    while waiting:
        at = waiting.pop()
        if isinstance(at, list):
            waiting += at
        elif isinstance(at, dict):
            ref = at.get("$ref")
            if isinstance(ref, str) and ref.startswith("#/properties"):
                return True
            waiting += at.values()
    return False


def _excluded(first: JsonSchema, second: Any, document: Document, depth: int = 0) -> bool:
    if not isinstance(second, dict):
        return second is False
    both = document.merged(document.flat(first), second)
    return both is None or _is_empty(both, document, depth)


def _is_empty(flat: JsonSchema, document: Document, depth: int) -> bool:
    for word in ("anyOf", "oneOf"):
        branches = flat.get(word)
        if isinstance(branches, list) and branches and depth < _DEEPEST:
            base = {each: value for each, value in flat.items() if each != word}
            return all(_excluded(base, each, document, depth + 1) for each in branches[:_MOST_BRANCHES])
    values = [flat["const"]] if "const" in flat else flat.get("enum")
    if isinstance(values, list):
        return not any(_fits(each, flat) for each in values)
    names = type_names(flat) or []
    return bool(names) and all(_is_crossed(flat, name) for name in names)


def _is_crossed(flat: JsonSchema, name: str) -> bool:
    """Whether the bounds of a type leave nothing of it."""
    least, most = _BOUNDS.get(name, ("", ""))
    low, high = flat.get(least), flat.get(most)
    return _is_number(low) and _is_number(high) and low > high


def _fits(value: Any, flat: JsonSchema) -> bool:
    names = type_names(flat) or list(_KINDS)
    kind = next((name for name in names if _is_kind(value, name)), "")
    least, most = _BOUNDS.get(kind, ("", ""))
    low, high = flat.get(least), flat.get(most)
    size = len(value) if isinstance(value, (str, list)) else value
    return kind != "" and not (_is_number(low) and size < low) and not (_is_number(high) and size > high)


def _is_kind(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _KINDS.get(name, object))


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _branches(flat: JsonSchema, word: str) -> list[JsonSchema]:
    branches = flat.get(word)
    return [each for each in branches[:_MOST_BRANCHES] if isinstance(each, dict)] if isinstance(branches, list) else []
