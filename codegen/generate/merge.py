"""Two schemas that hold at once (allOf, or a base beside anyOf) as one schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from codegen.model import JsonSchema

TYPE_WORDS = frozenset(
    {"type", "nullable", "enum", "const", "properties", "required", "additionalProperties", "patternProperties"}
    | {"items", "prefixItems", "additionalItems", "anyOf", "oneOf", "allOf", "$ref", "$dynamicRef", "$recursiveRef"}
)
"""The words a type is made of. All others are bounds, meaning or identity."""

UNRESOLVED, CONFLICT, EMPTY = "x-codegen-unresolved", "x-codegen-conflict", "x-codegen-empty"
"""What flattening found out, beside a schema's own words: a part is missing, two exclude each other, no value fits."""

_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "string": ("str", "text", "date", "datetime", "uuid", "uri"),
    "integer": ("int", "long"),
    "number": ("float", "double", "decimal"),
    "boolean": ("bool",),
    "null": ("none", "nil"),
    "array": ("list", "tuple", "set"),
    "object": ("dict", "map", "record"),
}
_STANDARD = {word: name for name, others in _SPELLINGS.items() for word in (name, *others)}
"""What a `type` says: the standard's seven, and what people write instead."""


class Budget(Protocol):
    def spend(self, amount: int) -> bool: ...


def merge(first: JsonSchema, second: JsonSchema, budget: Budget) -> JsonSchema | None:
    """What satisfies both; None if nothing does, by their types or values. Of other words the first's stays."""
    size = sum(len(_object(each, "properties")) + len(_list(each, "required")) for each in (first, second))
    values = sum(len(_list(each, "enum")) for each in (first, second))
    if not budget.spend(1 + size // 4 + values // 16):
        return first
    result = {**second, **first}
    if "additionalItems" in result:  # which only speaks beside a list of `items`
        owner = first if "additionalItems" in first else second
        if not isinstance(owner.get("items"), list):
            del result["additionalItems"]
    if not _merge_types(first, second, result) or not _merge_values(first, second, result):
        return None
    for word, both in _TOGETHER.items():
        if word in first and word in second:
            result[word] = both(first[word], second[word])
    for word in ("anyOf", "oneOf"):
        if word in first and word in second:
            result[word] = [{"allOf": [each, {word: second[word]}]} for each in _list(first, word)[:64]]
    return result


def type_names(schema: JsonSchema) -> list[str] | None:
    """The standard's names for what is under `type`; None where the word is absent or nobody knows what it says."""
    words = schema.get("type")
    if isinstance(words, str):
        name = _STANDARD.get(words) or _STANDARD.get(words.lower())
        return [name] if name else None
    if not isinstance(words, list):
        return None
    names = [_STANDARD.get(word.lower()) for word in words[:64] if isinstance(word, str)]
    known = [name for name in dict.fromkeys(names) if name is not None]
    return known if known and None not in names else None


def _merge_types(first: JsonSchema, second: JsonSchema, result: dict[str, Any]) -> bool:
    one, other = type_names(first), type_names(second)
    if one is None or other is None:
        if one is None and other is not None:
            result["type"] = other
        return True
    both = [name for name in one if name in other]
    if "integer" not in both and ("integer" in one or "integer" in other):
        both += ["integer"] if "number" in one or "number" in other else []
    result["type"] = both
    return bool(both)


def _merge_values(first: JsonSchema, second: JsonSchema, result: dict[str, Any]) -> bool:
    one, other = _values(first), _values(second)
    if one is None or other is None:
        return True
    seen = {_key(value) for value in other}
    result.pop("const", None)
    result["enum"] = [value for value in one if _key(value) in seen]
    return bool(result["enum"])


def _values(schema: JsonSchema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values = schema.get("enum")
    return values if isinstance(values, list) and values else None


def alike(first: object, second: object) -> bool:
    """Equality that a value nested a thousand deep can't break."""
    try:
        return first is second or first == second
    except RecursionError:
        return False


def _key(value: Any) -> tuple[str, object]:
    """What tells JSON values apart: `1` and `true` differ, `1` and `1.0` don't; lists and objects are never told."""
    if isinstance(value, (list, dict)):
        return type(value).__name__, None
    return "number" if type(value) in {int, float} else type(value).__name__, value


def _merge_maps(first: Any, second: Any) -> Any:
    if not isinstance(first, dict) or not isinstance(second, dict):
        return first
    return {
        **{key: _both(value, second[key]) if key in second else value for key, value in first.items()},
        **{key: value for key, value in second.items() if key not in first},
    }


def _both(first: Any, second: Any) -> Any:
    if alike(first, second) or second is True or second == {}:
        return first
    if first is True or first == {}:
        return second
    if first is False or second is False:
        return False
    return {"allOf": [first, second]} if isinstance(first, dict) and isinstance(second, dict) else first


def _both_items(first: Any, second: Any) -> Any:
    """Place by place where both are lists, as tuples have them."""
    if not isinstance(first, list) or not isinstance(second, list):
        return _both(first, second)
    pairs = [_both(one, other) for one, other in zip(first, second, strict=False)]
    return [*pairs, *first[len(pairs) :], *second[len(pairs) :]]


def _both_required(first: Any, second: Any) -> Any:
    return [*first, *second] if isinstance(first, list) and isinstance(second, list) else first


def _both_additional(first: Any, second: Any) -> Any:
    # Where one is closed, strictly only its own keys may come; nobody who writes allOf means that.
    return second if first is False else first if second is False else _both(first, second)


_TOGETHER: Mapping[str, Callable[[Any, Any], Any]] = {
    "properties": _merge_maps,
    "patternProperties": _merge_maps,
    "required": _both_required,
    "additionalProperties": _both_additional,
    "items": _both_items,
    "prefixItems": _both_items,
}


def _object(schema: JsonSchema, word: str) -> dict[str, Any]:
    value = schema.get(word)
    return value if isinstance(value, dict) else {}


def _list(schema: JsonSchema, word: str) -> list[Any]:
    value = schema.get(word)
    return value if isinstance(value, list) else []
