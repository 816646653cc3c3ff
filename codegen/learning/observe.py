"""The shape of one value: which kinds and keys it has, and never a value."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from codegen.learning.keys import are_ids, is_field
from codegen.learning.widen import joined, widened
from codegen.model import Json, JsonSchema

DEEPEST = 8
MOST_VALUES = 5_000
"""Values of one result that are looked at: some milliseconds at most."""

_KINDS = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def shape_of(value: Json) -> JsonSchema:
    """What `value` looks like. Raises nothing; a value that is no JSON has no type."""
    return _Look().at(value, 0)


class _Look:
    """One walk over a value, at most `MOST_VALUES` wide."""

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def at(self, value: Json, depth: int) -> JsonSchema:
        self._left -= 1
        if isinstance(value, dict):
            return self._object(value, depth) if depth < DEEPEST else {"type": "object", "additionalProperties": True}
        if isinstance(value, list):
            return self._list(value, depth) if depth < DEEPEST else {"type": "array", "items": True}
        kind = _KINDS.get(type(value))
        return {"type": kind} if kind else {}

    def _list(self, values: list[Json], depth: int) -> JsonSchema:
        items: JsonSchema | None = None
        for value in values:
            if self._left < 0:
                break
            seen = self.at(value, depth + 1)
            items = seen if items is None else widened(items, seen)
        return {"type": "array"} if items is None else {"type": "array", "items": items}

    def _object(self, value: Mapping[str, Json], depth: int) -> JsonSchema:
        seen = {key: self.at(each, depth + 1) for key, each in islice(value.items(), max(self._left, 1))}
        if are_ids(seen):
            return {"type": "object", "additionalProperties": joined(seen.values())}
        # One that is no name of a field (a number, an address) beside others that are is somebody's data.
        fields = {key: shape for key, shape in seen.items() if is_field(key)}
        rest = [shape for key, shape in seen.items() if key not in fields]
        more = {"additionalProperties": joined(rest)} if rest else {}
        return {"type": "object", "properties": fields, "required": [*fields], **more}
