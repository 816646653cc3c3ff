"""JSON Schema to shapes. What can't be understood costs its own corner (`Any`), never the tool; nothing here raises."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from codegen.generate.merge import TYPE_WORDS, type_names
from codegen.generate.notes import described, note_of
from codegen.generate.refs import Document
from codegen.generate.shapes import (
    ANY,
    ATOMS,
    NONE,
    TOO_LARGE,
    Field,
    Record,
    Shape,
    list_of,
    map_of,
    union,
    with_note,
)
from codegen.generate.values import WORDS, values_shape
from codegen.model import JsonSchema

DEEPEST = 30
MOST_RECORDS = 200
MOST_FIELDS = 1_000
"""Keys or parameters that are written; of a schema with more, the rest is `extra`."""

_ARRAY_WORDS = frozenset({"items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"})
_OBJECT_WORDS = frozenset({"properties", "additionalProperties", "patternProperties"})
_TEXT_WORDS = frozenset({"pattern", "minLength", "maxLength"})
_NUMBER_WORDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})


class Types:
    """Turns the schemas of one module into shapes and collects the classes they need.

    `faithful` reads a schema by the letter: no type is inferred where none is given, and objects are open unless
    closed. Tools mean it otherwise, so that is not the default.
    """

    def __init__(self, *, faithful: bool = False) -> None:
        self.records: dict[int, Record] = {}
        """In the order in which they were finished: children before parents."""
        self._faithful = faithful
        self._made: dict[int, Shape] = {}
        self._running: dict[int, Shape | None] = {}
        self._equal: dict[Record, int] = {}
        self._alive: list[JsonSchema] = []
        self._depth = 0
        self._count = 0

    def shape(self, schema: object, document: Document, hint: str) -> Shape:
        """The type of one schema. `hint` names its class, if it needs one and neither reference nor title does."""
        target, name = document.target(schema) if isinstance(schema, dict) else (True, "")
        if not isinstance(target, dict):
            return with_note(ANY, "" if target is not None else "unresolved reference")
        if id(target) in self._made:
            return self._made[id(target)]
        if id(target) in self._running:
            return self._running[id(target)] or with_note(ANY, "refers to itself")
        if self._depth >= DEEPEST or not document.spend(1):
            return TOO_LARGE
        self._running[id(target)] = None
        self._depth += 1
        shape = self._new(target, document, name or hint)
        self._depth -= 1
        del self._running[id(target)]
        self._alive.append(target)
        self._made[id(target)] = shape
        return shape

    def field(self, wire: str, schema: object, document: Document, *, required: bool, hint: str = "") -> Field:
        """One parameter or key with its comment."""
        shape = self.shape(schema, document, hint or wire)
        return Field(wire, shape, required, note_of(described(schema, document), shape.note))

    def _new(self, schema: JsonSchema, document: Document, hint: str) -> Shape:
        flat = document.flat(schema)
        if flat is None:
            return with_note(ANY, "unresolved reference")
        shape = self._plain(flat, document, hint, id(schema))
        if flat.get("nullable") is True:
            shape = union([shape, NONE])
        return with_note(shape, "its rules exclude each other" if flat.get("x-conflict") is True else "")

    def _plain(self, flat: JsonSchema, document: Document, hint: str, key: int) -> Shape:
        values = [flat["const"]] if "const" in flat else flat.get("enum")
        if isinstance(values, list) and values:
            return values_shape(values, flat)
        for word in ("anyOf", "oneOf"):
            branches = flat.get(word)
            if isinstance(branches, list) and branches:
                return self._union(flat, word, document, hint, key)
        words = type_names(flat)
        if words is None:
            words = [] if self._faithful else _inferred(flat)
        if not words:
            return ANY
        if len(words) == 1:
            return self._typed(words[0], flat, document, hint, key)
        return union(self._typed(word, flat, document, hint, key) for word in dict.fromkeys(words))

    def _typed(self, word: str, flat: JsonSchema, document: Document, hint: str, key: int) -> Shape:
        kind = WORDS.get(word, "")
        if kind == "array":
            return self._array(flat, document, hint)
        if kind == "object":
            return self._object(flat, document, hint, key)
        return NONE if kind == "None" else ATOMS.get(kind, ANY)

    def _union(self, flat: JsonSchema, word: str, document: Document, hint: str, key: int) -> Shape:
        branches: list[Any] = flat[word]
        base = {name: value for name, value in flat.items() if name != word}
        if not TYPE_WORDS.intersection(base):
            return union(self.shape(each, document, _branch_hint(each, hint)) for each in branches if not never(each))
        if all(isinstance(each, dict) and TYPE_WORDS.intersection(each) <= {"required"} for each in branches):
            needs = " or ".join("+".join(_strings(each.get("required"))) for each in branches[:6])
            return with_note(self._plain(base, document, hint, key), f"needs {needs}" if needs.strip(" or") else "")
        merged = [
            document.merged(base, each) if isinstance(each, dict) else base for each in branches if each is not False
        ]
        kept = [each for each in merged if each is not None]
        if not kept:
            return with_note(self._plain(base, document, hint, key), "its rules exclude each other")
        return union(self.shape(each, document, _branch_hint(each, hint)) for each in kept)

    def _array(self, flat: JsonSchema, document: Document, hint: str) -> Shape:
        items, rest = flat.get("items"), flat.get("additionalItems")
        if isinstance(flat.get("prefixItems"), list):
            places, rest = flat["prefixItems"], items
        elif isinstance(items, list):
            places = items
        else:
            return list_of(self.shape(items, document, _singular(hint)))
        shapes = [self.shape(each, document, _singular(hint)) for each in places if each is not False]
        more = [self.shape(rest, document, _singular(hint))] if _goes_on(rest, flat, len(places)) or not shapes else []
        return list_of(union([*shapes, *more]), f"in this order: {', '.join(map(_spoken, shapes[:8]))}")

    def _object(self, flat: JsonSchema, document: Document, hint: str, key: int) -> Shape:
        properties = flat.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        if not properties or self._count >= MOST_RECORDS:
            return map_of((self._extra(flat, document, hint) if not properties else None) or ANY)
        shape = Shape("record", record=self._count)
        self._count += 1
        self._running[key] = self._seen_from_inside(shape, flat)
        extra = self._extra(flat, document, hint)
        if len(properties) > MOST_FIELDS:
            extra = ANY
        required = dict.fromkeys(_strings(flat.get("required")))
        fields = [
            self.field(wire, each, document, required=wire in required)
            for wire, each in islice(properties.items(), MOST_FIELDS)
            if isinstance(wire, str) and not never(each)
        ]
        if flat.get("additionalProperties") is not False:
            fields += [
                Field(wire, extra or ANY, required=True, comment="") for wire in required if wire not in properties
            ]
        title = flat.get("title")
        if isinstance(title, str) and len(title) <= 40 and title.isidentifier():
            hint = title
        return self._settled(shape, Record(hint, tuple(fields), extra))

    def _extra(self, flat: JsonSchema, document: Document, hint: str) -> Shape | None:
        """The type of keys that aren't named: None where none are meant."""
        patterns = flat.get("patternProperties")
        schemas = [each for each in patterns.values() if each is not False] if isinstance(patterns, dict) else []
        more = flat.get("additionalProperties", self._faithful)
        if more is not False and more is not None:
            schemas.append(more)
        return union(self.shape(each, document, _singular(hint)) for each in schemas) if schemas else None

    def _seen_from_inside(self, shape: Shape, flat: JsonSchema) -> Shape | None:
        """What a reference to a schema means while its class is being built; None where only the whole could say."""
        kinds = {WORDS.get(word, "") for word in type_names(flat) or ()}
        if kinds - {"object", "None"}:
            return None
        return union([shape, NONE]) if flat.get("nullable") is True or "None" in kinds else shape

    def _settled(self, shape: Shape, record: Record) -> Shape:
        """The class as built, or an equal one that was built before."""
        self.records[shape.record] = record
        alike = Record("", _relative(record.fields, shape), record.extra)
        known = self._equal.setdefault(alike, shape.record)
        if known == shape.record:
            return shape
        del self.records[shape.record]
        return Shape("record", record=known)


def never(schema: object) -> bool:
    """Whether no value can satisfy it: such a property isn't one."""
    return schema is False or (isinstance(schema, dict) and len(schema) == 1 and schema.get("not", 0) in ({}, True))


def _inferred(flat: JsonSchema) -> list[str]:
    words = set(flat)
    kinds = (("object", _OBJECT_WORDS), ("array", _ARRAY_WORDS), ("string", _TEXT_WORDS), ("number", _NUMBER_WORDS))
    return next(([kind] for kind, telling in kinds if words & telling), [])


def _branch_hint(branch: object, hint: str) -> str:
    """A name for one of several objects: by the value that tells it from the others."""
    properties = branch.get("properties") if isinstance(branch, dict) else None
    for each in properties.values() if isinstance(properties, dict) else ():
        if isinstance(each, dict):
            values = each.get("enum")
            value = values[0] if isinstance(values, list) and len(values) == 1 else each.get("const")
            if isinstance(value, str) and 0 < len(value) <= 40:
                return f"{value} {hint}"
    return hint


def _goes_on(rest: object, flat: JsonSchema, places: int) -> bool:
    """Whether a tuple's list may be longer than its places."""
    most = flat.get("maxItems")
    return rest is not False and not (rest is None and isinstance(most, int) and most <= places)


def _spoken(shape: Shape) -> str:
    """A type in a word or two, where no class has its name yet."""
    if shape.kind == "choice":
        return "|".join(shape.choices[:4])
    if shape.kind == "union":
        return "|".join(map(_spoken, shape.members[:4]))
    return {"list": "list", "map": "dict", "record": "dict"}.get(shape.kind, shape.text)


def _singular(hint: str) -> str:
    if hint.endswith("ies") and len(hint) > 4:
        return hint[:-3] + "y"
    if hint.endswith("s") and not hint.endswith(("ss", "us", "is")) and len(hint) > 3:
        return hint[:-1]
    return f"{hint}_item"


def _strings(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _relative(fields: Iterable[Field], own: Shape) -> tuple[Field, ...]:
    """Fields in which a class that names itself looks like every other that does."""
    return tuple(Field(f.wire, _replaced(f.shape, own), f.required, f.comment) for f in fields)


def _replaced(shape: Shape, own: Shape) -> Shape:
    if shape == own:
        return Shape("record")
    if not shape.members:
        return shape
    members = tuple(_replaced(member, own) for member in shape.members)
    return Shape(shape.kind, shape.text, shape.choices, members, shape.record)
