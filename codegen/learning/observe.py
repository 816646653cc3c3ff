"""The shape of one value: which kinds and keys it has, and never a value."""

from __future__ import annotations

from collections.abc import Mapping

from codegen.learning.keys import are_ids, is_field
from codegen.learning.widen import joined, widened
from codegen.model import Json, JsonSchema

DEEPEST = 8
MOST_VALUES = 5_000
"""Values of one result that are looked at: some milliseconds at most."""

LEAST_SHARE = 1 / 30
"""Of an object's part of these, for each of its keys: a long list leaves enough for what stands beside it."""

_KINDS = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def shape_of(value: Json) -> JsonSchema:
    """What `value` looks like. Raises nothing; a value that is no JSON has no type."""
    return _Look().at(value, 0)


class _Look:
    """One walk over a value, at most `MOST_VALUES` wide. What is only seen in part counts where nothing else does."""

    def __init__(self) -> None:
        self._left = MOST_VALUES
        self._floor = 0

    @property
    def _spent(self) -> bool:
        """Whether the part of the walk that falls to a value is over."""
        return self._left <= self._floor

    def at(self, value: Json, depth: int) -> JsonSchema:
        self._left -= 1
        if isinstance(value, dict):
            whole = depth < DEEPEST and not (value and self._spent)
            return self._object(value, depth) if whole else {"type": "object", "additionalProperties": True}
        if isinstance(value, list):
            return self._list(value, depth) if depth < DEEPEST else {"type": "array", "items": True}
        kind = _KINDS.get(type(value))
        return {"type": kind} if kind else {}

    def _list(self, values: list[Json], depth: int) -> JsonSchema:
        items: JsonSchema | None = None
        for value in values:
            if self._spent:
                break
            seen = self.at(value, depth + 1)
            if self._spent and items is not None:
                break
            items = seen if items is None else widened(items, seen)
        return {"type": "array"} if items is None else {"type": "array", "items": items}

    def _object(self, value: Mapping[str, Json], depth: int) -> JsonSchema:
        seen = self._members(value, depth + 1)
        if are_ids(seen):
            return {"type": "object", "additionalProperties": joined(seen.values())}
        # One that is no name of a field (a number, an address) beside others that are is somebody's data.
        fields = {key: shape for key, shape in seen.items() if is_field(key)}
        rest = [shape for key, shape in seen.items() if key not in fields]
        more = {"additionalProperties": joined(rest)} if rest else {}
        return {"type": "object", "properties": fields, "required": [*fields], **more}

    def _members(self, value: Mapping[str, Json], depth: int) -> dict[str, JsonSchema]:
        """Each member within its share of what is left to the object."""
        seen: dict[str, JsonSchema] = {}
        floor, least = self._floor, int((self._left - self._floor) * LEAST_SHARE)
        for at, (key, each) in enumerate(value.items()):
            share = max(least, (self._left - floor) // (len(value) - at))
            self._floor = max(floor, self._left - share)
            shape = self.at(each, depth)
            self._floor = floor
            if self._spent and seen:
                break
            seen[key] = shape
        return seen
