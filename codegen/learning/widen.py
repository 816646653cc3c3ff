"""One shape that both of two fit: what is learned is only ever widened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

from codegen.learning.keys import alike
from codegen.learning.shape import KINDS, kinds, pruned, size
from codegen.model import JsonSchema

MOST_FIELDS = 60
"""Fields of one object; more, mostly optional, are a map."""

MOST_TYPES = 150
"""Types within one shape: about a thousand tokens of module."""


def wider(known: JsonSchema | None, seen: JsonSchema) -> JsonSchema:
    """What is known itself where it fits what was seen, else a shape of bounded size that fits both."""
    if known is None:
        return bounded(seen)
    both = widened(known, seen)
    return known if both is known else bounded(both)


def widened(one: JsonSchema, other: JsonSchema) -> JsonSchema:
    """A shape that accepts what either accepts; `one` itself where it does so already."""
    if one == other:
        return one
    names = kinds(one) | kinds(other)
    if "number" in names:
        names.discard("integer")
    ordered = [kind for kind in KINDS if kind in names]
    result: JsonSchema = {"type": ordered[0] if len(ordered) == 1 else ordered} if ordered else {}
    if "object" in names:
        result |= _objects([shape for shape in (one, other) if "object" in kinds(shape)])
    if "array" in names:
        items = _either(one.get("items"), other.get("items"))
        result |= {} if items is None else {"items": items}
    return one if result == one else result


def joined(shapes: Iterable[JsonSchema]) -> JsonSchema:
    """One shape for all of at least one."""
    return reduce(widened, shapes)


def bounded(shape: JsonSchema, most: int = MOST_TYPES) -> JsonSchema:
    """The shape with at most so many types: what lies deepest is given up first."""
    depth = 8
    while depth and size(shape) > most:
        depth -= 1
        shape = pruned(shape, depth)
    return shape


def _objects(told: list[JsonSchema]) -> JsonSchema:
    """What the objects of one shape, or of two, look like."""
    if len(told) == 1:
        return {word: told[0][word] for word in ("properties", "required", "additionalProperties") if word in told[0]}
    first, second = (shape.get("properties", {}) for shape in told)
    rest = _either(*(shape.get("additionalProperties") for shape in told))
    if any("properties" not in shape for shape in told) or _are_entries(first, second):
        return {"additionalProperties": reduce(_either, [*first.values(), *second.values()], rest)}
    fields = {key: _either(first.get(key), second.get(key)) for key in (*first, *second)}
    both = {key for shape in told for key in shape["required"]}.intersection(*(shape["required"] for shape in told))
    if len(fields) > MOST_FIELDS and 2 * len(both) < len(fields):
        return {"additionalProperties": reduce(_either, fields.values(), rest)}
    more = {} if rest is None else {"additionalProperties": rest}
    return {"properties": fields, "required": [key for key in fields if key in both], **more}


def _are_entries(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Objects of one form under keys that never come twice: {"alice": {…}}, then {"bob": {…}}."""
    if not first or not second or first.keys() & second.keys():
        return False
    shapes = [*first.values(), *second.values()]
    return all(isinstance(shape, dict) and alike(shapes[0], shape) for shape in shapes)


def _either(one: Any, other: Any) -> Any:
    """The same where None is "not seen" and True "anything"."""
    if one is None or other is None:
        return one if other is None else other
    return True if one is True or other is True else widened(one, other)
