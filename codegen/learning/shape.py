"""The form that shapes are kept in, and the schema that a type is written from.

A shape is a JSON Schema of few words: `type` is a name or a list of names; `properties`, `required` and
`additionalProperties` speak of its objects, `items` of its lists. `items` is missing where no item was seen; `True`
stands for what is too deep or too varied to say.
"""

from __future__ import annotations

from typing import Any

from codegen.model import JsonSchema

KINDS = ("object", "array", "string", "integer", "number", "boolean", "null")


def kinds(shape: JsonSchema) -> set[str]:
    """The names under `type`."""
    kind = shape.get("type", [])
    return {kind} if isinstance(kind, str) else set(kind)


def published(shape: JsonSchema) -> JsonSchema:
    """The shape with nothing said where only null was seen: that a value was missing once is no type."""
    return {} if shape.get("type") == "null" else _inside(shape, published)


def pruned(shape: JsonSchema, depth: int) -> JsonSchema:
    """The shape down to so many levels; what lies deeper is `True`."""
    if depth:
        return _inside(shape, lambda part: pruned(part, depth - 1))
    result: JsonSchema = {"type": shape["type"]} if "type" in shape else {}
    result |= {"additionalProperties": True} if "object" in kinds(shape) else {}
    return result | ({"items": True} if "array" in kinds(shape) else {})


def size(shape: Any) -> int:
    """The number of types in it."""
    if not isinstance(shape, dict):
        return 1
    inner = [*shape.get("properties", {}).values(), shape.get("items"), shape.get("additionalProperties")]
    return 1 + sum(size(each) for each in inner if each is not None)


def well_formed(shape: Any) -> bool:
    """Whether it is a shape: the file it is kept in may have been edited."""
    if shape is True:
        return True
    if not isinstance(shape, dict) or not shape.keys() <= _WORDS:
        return False
    names, fields, required = shape.get("type", []), shape.get("properties", {}), shape.get("required", [])
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or any(name not in KINDS for name in names):
        return False
    if not isinstance(fields, dict) or not isinstance(required, list) or any(key not in fields for key in required):
        return False
    inner = [*fields.values(), *(shape[word] for word in ("items", "additionalProperties") if word in shape)]
    return all(map(well_formed, inner))


_WORDS = {"type", "properties", "required", "additionalProperties", "items"}


def _inside(shape: JsonSchema, change: Any) -> JsonSchema:
    """The shape with each part of it changed."""
    result = dict(shape)
    for word in ("items", "additionalProperties"):
        if isinstance(result.get(word), dict):
            result[word] = change(result[word])
    if "properties" in result:
        result["properties"] = {
            key: change(each) if isinstance(each, dict) else each for key, each in result["properties"].items()
        }
    return result
