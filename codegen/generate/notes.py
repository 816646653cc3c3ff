"""What a type can't say about a value, as the comment on its line: default, bounds, meaning."""

from __future__ import annotations

from typing import Any

from codegen.generate.echoes import without_echo
from codegen.generate.literals import cut, literal, one_line
from codegen.generate.refs import Document
from codegen.model import JsonSchema

LONGEST_DESCRIPTION = 400
"""Characters that are read of one; how many are written is settled over the whole module."""

LONGEST_PATTERN = 60
"""Characters: half a regular expression is none."""

_INDIRECT = frozenset({"$ref", "allOf", "anyOf", "oneOf", "$dynamicRef", "$recursiveRef"})
_SAFE_INTEGER = 2**53 - 1
"""JavaScript's bound: zod writes it on every integer, and it tells nobody anything."""

_RANGE = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
_LENGTHS = frozenset({"minLength", "maxLength", "minItems", "maxItems"})
_BOUNDS = _RANGE | _LENGTHS | {"multipleOf", "uniqueItems", "format", "contentEncoding", "pattern"}
_UNTYPED = ("if", "not", "dependentRequired", "dependentSchemas", "dependencies", "contains", "propertyNames")
_UNTYPED_TOO = ("unevaluatedProperties", "unevaluatedItems", "minProperties", "maxProperties")
_VACUOUS: tuple[JsonSchema, ...] = ({"type": "string"}, {})
"""What zod says of `propertyNames`, and what is so of every value."""

_UNTYPED_WORDS = frozenset(_UNTYPED + _UNTYPED_TOO)

_RULES = _BOUNDS | _UNTYPED_WORDS | {"default", "deprecated"}
_WELL_KNOWN = ("date", "date-time", "time", "email", "uuid", "uri", "ipv4", "ipv6")  # not a set: a format may be a list
"""Formats whose pattern, which zod writes beside them, is long and says no more."""


def note_of(schema: JsonSchema, shape_note: str = "") -> str:
    """Default, bounds and meaning of one parameter or key; not `default: null`, which is what leaving it out does.

    A tab comes before the meaning, by which `comments` knows it; what is written has a space.
    """
    description = schema.get("description")
    text = ""
    if isinstance(description, str):
        text = without_echo(one_line(description, LONGEST_DESCRIPTION), schema)
    if not shape_note and _RULES.isdisjoint(schema):
        return f"\t{text}" if text else ""
    default = schema.get("default")
    parts = [f"default {brief_literal(default)}" if default is not None else "", *bounds(schema), shape_note]
    if schema.get("deprecated") is True:
        parts.append("deprecated")
    rules = untyped(schema)
    parts.append(f"also held to: {rules}" if rules else "")
    facts = "; ".join(part for part in parts if part)
    return f"{facts};\t{text}" if facts and text else f"\t{text}" if text else facts


def bounds(schema: JsonSchema) -> list[str]:
    """Limits in few words: `1..5`, `>= 1`, `<= 64 characters`, `not empty`, `format date-time`."""
    said = _BOUNDS.intersection(schema)
    if not said:
        return []
    found = [] if said.isdisjoint(_RANGE) else [_range(schema)]
    if not said.isdisjoint(_LENGTHS):
        found.append(_lengths(schema, "minLength", "maxLength", "characters"))
        found.append(_lengths(schema, "minItems", "maxItems", "items"))
    step = _number(schema, "multipleOf")
    found.append(f"multiple of {literal(step)}" if step is not None else "")
    found.append("unique" if schema.get("uniqueItems") is True else "")
    for word, before in (("format", "format "), ("contentEncoding", ""), ("pattern", "pattern ")):
        value = schema.get(word)
        if isinstance(value, str) and value and not (word == "pattern" and _says_pattern(schema.get("format"))):
            found.append(before + one_line(value) if len(value) <= LONGEST_PATTERN else f"a {before}too long to show")
    return [each for each in found if each]


def _says_pattern(form: object) -> bool:
    return isinstance(form, str) and form in _WELL_KNOWN


def untyped(schema: JsonSchema) -> str:
    """The words of a schema that only the validator understands."""
    if _UNTYPED_WORDS.isdisjoint(schema):
        return ""
    return ", ".join(word for word in (*_UNTYPED, *_UNTYPED_TOO) if word in schema and schema[word] not in _VACUOUS)


def brief_literal(value: Any, limit: int = 60) -> str:
    """A literal that may be cut: for reading, not for running."""
    if isinstance(value, str):
        return literal(cut(value[: limit + 1], limit))
    if isinstance(value, (list, dict)) and len(value) > limit:
        return "[…]" if isinstance(value, list) else "{…}"
    return one_line(literal(_shallow(value)), limit)


def _shallow(value: Any, depth: int = 0) -> Any:
    if depth > 4:
        return "…"
    if isinstance(value, list):
        return [_shallow(each, depth + 1) for each in value[:20]]
    if isinstance(value, dict):
        return {key: _shallow(each, depth + 1) for key, each in list(value.items())[:20]}
    return value[:200] if isinstance(value, str) else value


def _range(schema: JsonSchema) -> str:
    low, high = _number(schema, "minimum"), _number(schema, "maximum")
    above, below = _number(schema, "exclusiveMinimum"), _number(schema, "exclusiveMaximum")
    if low is not None and high is not None:
        return f"{literal(low)}..{literal(high)}"
    said = [(">=", low), (">", above), ("<=", high), ("<", below)]
    return ", ".join(f"{sign} {literal(value)}" for sign, value in said if value is not None)


def _lengths(schema: JsonSchema, least: str, most: str, unit: str) -> str:
    low, high = _number(schema, least), _number(schema, most)
    if high is None:
        return "" if not low else "not empty" if low == 1 else f">= {literal(low)} {unit}"
    if low == high:
        return f"{literal(high)} {unit}"
    return f"{literal(low)}..{literal(high)} {unit}" if low else f"<= {literal(high)} {unit}"


def _number(schema: JsonSchema, word: str) -> float | None:
    value = schema.get(word)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) >= _SAFE_INTEGER:
        return None
    return value


def described(schema: object, document: Document) -> JsonSchema:
    """The words about a schema: its own first, then those of what it refers to or allows beside null."""
    if not isinstance(schema, dict):
        return {}
    if _INDIRECT.isdisjoint(schema):
        return schema
    said: JsonSchema = {}
    at: object = schema
    for _ in range(6):
        if not isinstance(at, dict):
            break
        said = {**at, **said}
        target, _ = document.target(at)
        flat = document.flat(target) if isinstance(target, dict) else None
        if flat is not None and flat is not at:
            said = {**flat, **said}
        at = _only_branch(flat or {})
    return said


def _only_branch(schema: JsonSchema) -> object:
    branches = schema.get("anyOf") or schema.get("oneOf")
    if not isinstance(branches, list) or len(branches) > 3:
        return None
    others = [each for each in branches if isinstance(each, dict) and each.get("type") != "null"]
    return others[0] if len(others) == 1 else None
