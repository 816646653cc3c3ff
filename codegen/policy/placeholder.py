"""What a dry run gives in the place of a write's result: the least that fits the type which the tool's file shows."""

from __future__ import annotations

import math
from typing import Any

from codegen.config.patterns import matcher
from codegen.config.tables import WrongError
from codegen.generate.merge import EMPTY, type_names
from codegen.generate.refs import Document
from codegen.generate.returns import return_rule, shown_result
from codegen.model import Json, JsonSchema, Tool

TEXT = "<dry run>"
DEEPEST = 40
MOST_PARTS = 5_000
MOST_ITEMS = 100
MOST_CHARACTERS = 10_000

_FORMATS = {
    "date": "2000-01-01",
    "date-time": "2000-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "PT0S",
    "email": "dry-run@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/dry-run",
    "uri-reference": "dry-run",
    "url": "https://example.com/dry-run",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_GUESSES = ("dry-run", "dry_run", "dryrun", "DRYRUN", "DR-1", "0", "00", "0000", "0.0", "0.0.0", "2000-01", "#000000")


def placeholder_of(tool: Tool) -> Json:
    """A result of a call of the tool as a script would see it; None where nothing is known of it."""
    schema, _ = shown_result(tool, return_rule(tool))
    return None if schema is None else placeholder(schema)


def placeholder(schema: JsonSchema) -> Json:
    """The least value of a schema: required keys, `<dry run>` or the first of an enum, the number nearest to 0.

    It fits the schema but where that would need a search (a rare pattern, `not`, `if`), and always ends.
    """
    made = _Instance(schema).of(schema, 0)
    return TEXT if made is _NONE else made


_NONE: Any = object()
"""No value can be found: the type is empty, or never ends."""


class _Instance:
    """One schema's instances. Every schema looked at is paid for, because variants may nest without an end."""

    def __init__(self, root: JsonSchema) -> None:
        self._document = Document(root, faithful=True)
        self._left = MOST_PARTS
        self._begun: set[int] = set()

    def of(self, schema: object, depth: int) -> Any:
        """Nothing for a schema inside itself: its least value never holds another of the same."""
        self._left -= 1
        if schema is False or depth > DEEPEST or self._left < 0 or id(schema) in self._begun:
            return _NONE
        if not isinstance(schema, dict):
            return None
        self._begun.add(id(schema))
        made = self._flat(self._document.flat(schema), depth)
        self._begun.discard(id(schema))
        return made

    def _flat(self, flat: JsonSchema, depth: int) -> Any:
        if flat.get(EMPTY):
            return _NONE
        given = [flat["const"]] if "const" in flat else _of_type(_list(flat.get("enum")), flat)
        return given[0] if given else self._open(flat, depth)

    def _open(self, flat: JsonSchema, depth: int) -> Any:
        for word in ("anyOf", "oneOf"):
            if branches := _list(flat.get(word)):
                return self._first(branches, {key: each for key, each in flat.items() if key != word}, depth)
        return self._typed(flat, depth)

    def _first(self, branches: list[Any], beside: JsonSchema, depth: int) -> Any:
        """The first variant that has an instance; null only where no other has."""
        found = _NONE
        for branch in branches:
            merged = self._document.merged(beside, branch) if isinstance(branch, dict) else beside
            made = _NONE if merged is None or branch is False else self.of(merged, depth + 1)
            if made is not _NONE and made is not None:
                return made
            found = made if found is _NONE else found
        return found

    def _typed(self, flat: JsonSchema, depth: int) -> Any:
        names = type_names(flat)
        kinds = [_likely(flat)] if names is None else [*(name for name in names if name != "null"), *names]
        for kind in kinds:
            made = self._of_kind(kind, flat, depth)
            if made is not _NONE:
                return made
        return _NONE

    def _of_kind(self, kind: str, flat: JsonSchema, depth: int) -> Any:
        match kind:
            case "object":
                return self._object(flat, depth)
            case "array":
                return self._array(flat, depth)
            case "string":
                return _string(flat)
            case "integer" | "number":
                return _number(flat, whole=kind == "integer")
            case "boolean":
                return False
        return None

    def _object(self, flat: JsonSchema, depth: int) -> Any:
        properties = _map(flat.get("properties"))
        others = flat.get("additionalProperties")
        made: dict[str, Any] = {}
        wanted = [key for key in _list(flat.get("required")) if isinstance(key, str)]
        dependent = _map(flat.get("dependentRequired"))
        for key in wanted:  # grows: a key may need others
            if key not in made and len(made) < MOST_PARTS:
                made[key] = self.of(properties.get(key, others), depth + 1)
                wanted += [each for each in _list(dependent.get(key)) if isinstance(each, str)]
        least = min(_whole(flat.get("minProperties")), MOST_ITEMS)
        for key in [*properties, *(f"key_{number}" for number in range(1, least + 1))]:
            if len(made) < least and key not in made:
                value = self.of(properties.get(key, others), depth + 1)
                made |= {} if value is _NONE else {key: value}
        return _NONE if any(value is _NONE for value in made.values()) else made

    def _array(self, flat: JsonSchema, depth: int) -> Any:
        items = flat.get("items")
        placed = _list(items if isinstance(items, list) else flat.get("prefixItems"))
        rest = flat.get("additionalItems") if isinstance(items, list) else items
        least = min(_whole(flat.get("minItems")), MOST_ITEMS)
        made = [self.of(placed[at] if at < len(placed) else rest, depth + 1) for at in range(least)]
        if "contains" in flat and not made:
            made = [self.of(flat["contains"], depth + 1)] * min(_whole(flat.get("minContains", 1)), MOST_ITEMS)
        return _NONE if any(value is _NONE for value in made) else made


def _string(flat: JsonSchema) -> str:
    form, pattern = flat.get("format"), flat.get("pattern")
    plain = _FORMATS.get(form, TEXT) if isinstance(form, str) else TEXT
    if isinstance(pattern, str):
        said = [flat.get("default"), flat.get("example"), *_list(flat.get("examples"))]
        return next(
            (each for each in (plain, *said, *_GUESSES) if isinstance(each, str) and _fits(each, pattern)), plain
        )
    least, most = min(_whole(flat.get("minLength")), MOST_CHARACTERS), flat.get("maxLength")
    text = plain.ljust(least, ".")
    return text[: int(most)] if isinstance(most, int | float) and 0 <= most < len(text) else text


def _fits(text: str, pattern: str) -> bool:
    try:
        return matcher(f"/{pattern}/")(text) is True
    except WrongError:
        return False


def _number(flat: JsonSchema, *, whole: bool) -> int | float:
    """0, or else the nearest that the bounds have, in steps of `multipleOf`."""
    step = _bound(flat, "multipleOf") or (1 if whole else None)
    low, high = _bound(flat, "minimum"), _bound(flat, "maximum")
    above, below = _bound(flat, "exclusiveMinimum"), _bound(flat, "exclusiveMaximum")
    if above is not None and (low is None or above >= low):
        low = above + (step or _room(above, high if below is None else below))
    if below is not None and (high is None or below <= high):
        high = below - (step or _room(below, low))
    nearest = low if low is not None and low > 0 else high if high is not None and high < 0 else 0
    if not step:
        return nearest
    rounded = (math.ceil if nearest > 0 else math.floor)(nearest / step) * step
    return int(rounded) if whole and rounded == int(rounded) else rounded


def _room(bound: float, other: float | None) -> float:
    """Half of what lies between two bounds, where that is less than 1."""
    return 1 if other is None else min(1.0, abs(other - bound) / 2)


def _bound(flat: JsonSchema, word: str) -> int | float | None:
    value = flat.get(word)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
        return None
    return value


def _whole(value: object) -> int:
    return int(min(value, 10**9)) if isinstance(value, int | float) and value >= 0 else 0


def _likely(flat: JsonSchema) -> str:
    """The kind of value that a schema without a type speaks of."""
    for kind, words in _SPEAK_OF.items():
        if not words.isdisjoint(flat):
            return kind
    return "null"


_SPEAK_OF = {
    "object": frozenset({"properties", "required", "additionalProperties", "patternProperties", "minProperties"}),
    "array": frozenset({"items", "prefixItems", "minItems", "contains"}),
    "string": frozenset({"minLength", "maxLength", "pattern", "format"}),
    "number": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
}


def _of_type(values: list[Any], flat: JsonSchema) -> list[Any]:
    """Those of an enum's values that its type allows too; all where it allows none."""
    names = type_names(flat)
    fitting = [value for value in values if names is None or not _KINDS[type(value)].isdisjoint(names)]
    return fitting or values


_KINDS: dict[type, frozenset[str]] = {
    str: frozenset({"string"}),
    bool: frozenset({"boolean"}),
    int: frozenset({"integer", "number"}),
    float: frozenset({"number", "integer"}),
    list: frozenset({"array"}),
    dict: frozenset({"object"}),
    type(None): frozenset({"null"}),
}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _map(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
