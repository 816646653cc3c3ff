"""JSON Schema to shapes. What can't be understood costs its own corner (`Any`), never the tool; nothing here raises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from operator import is_
from typing import Any

from codegen.generate.merge import CONFLICT, EMPTY, TYPE_WORDS, UNRESOLVED, type_names
from codegen.generate.notes import described, note_of
from codegen.generate.recursion import Untying, later
from codegen.generate.refs import Document
from codegen.generate.shapes import (
    ANY,
    ATOMS,
    NEVER,
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
from codegen.generate.values import is_unicode, values_shape
from codegen.model import JsonSchema

DEEPEST = 30
LONGEST_KEY = 200
"""Characters; of 4,096 a text is no literal to a type checker."""

MOST_RECORDS = 200
MOST_PARTS = 4_000
"""Of all types in one module; a real tool has 500 at most, and one definition can be merged into a hundred classes."""

MOST_FIELDS = 1_000
"""Keys or parameters that are written; of a schema with more, the rest is `extra`."""

_ARRAY_WORDS = frozenset({"items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"})
_OBJECT_WORDS = frozenset({"properties", "additionalProperties", "patternProperties"})
_TEXT_WORDS = frozenset({"pattern", "minLength", "maxLength"})
_NUMBER_WORDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})


_TYPE_ALONE = frozenset({"type"})
_ATOM_OF: Mapping[str, Shape] = {
    "string": ATOMS["str"],
    "integer": ATOMS["int"],
    "number": ATOMS["float"],
    "boolean": ATOMS["bool"],
    "null": NONE,
}
_FAITHFUL_ATOM_OF = {**_ATOM_OF, "integer": ATOMS["float"]}  # by the letter 1.0 is one


class Types:
    """Turns the schemas of one module into shapes and collects the classes they need.

    `faithful` reads a schema by the letter: no type is inferred where none is given, and objects are open unless
    closed. Tools mean it otherwise, so that is not the default.
    """

    def __init__(self, *, faithful: bool = False) -> None:
        self.records: dict[int, Record] = {}
        """In the order in which they were finished: children before parents."""
        self._faithful = faithful
        self._atoms = _FAITHFUL_ATOM_OF if faithful else _ATOM_OF
        self._made: dict[int, Shape] = {}
        self._running: dict[int, Shape | None] = {}
        self._circular = False
        self._fresh: list[int] = []
        self._untied = 0
        self._untying = Untying(self._made)
        self._equal: dict[tuple[object, ...], int] = {}
        self._alive: list[JsonSchema] = []
        self._depth = 0
        self._count = 0
        self._parts = 0

    def shape(self, schema: object, document: Document, hint: str) -> Shape:
        """The type of one schema, `Any` where no value fits: after a `Never` type checkers read no further.

        `hint` names its class, if it needs one and neither reference nor title does.
        """
        shape = self.exact(schema, document, hint)
        self._parts += shape.size
        if self._parts > MOST_PARTS:
            return TOO_LARGE
        return with_note(ANY, "no value fits") if shape.text == NEVER.text else shape

    def exact(self, schema: object, document: Document, hint: str) -> Shape:
        """As `shape`, but `Never` where no value fits."""
        if not isinstance(schema, dict):
            return NEVER if schema is False else ANY
        # Most say a type and nothing else about it.
        kind = schema["type"] if TYPE_WORDS.intersection(schema) == _TYPE_ALONE else None
        plain = self._atoms.get(kind) if isinstance(kind, str) else None
        return plain or self._followed(schema, document, hint)

    def _followed(self, schema: JsonSchema, document: Document, hint: str) -> Shape:
        target, name = document.target(schema)
        if not isinstance(target, dict):
            return NEVER if target is False else with_note(ANY, "" if target else "unresolved reference")
        if never(target):
            return NEVER
        key = id(target)
        if key in self._made:
            return self._made[key]
        if key in self._running:
            inside = self._running[key]
            self._circular = self._circular or inside is None
            return inside or later(key)
        if self._depth >= DEEPEST or not document.spend(1):
            return TOO_LARGE
        self._running[key] = None
        self._depth += 1
        shape = self._new(target, document, name or hint)
        self._depth -= 1
        del self._running[key]
        self._alive.append(target)
        self._made[key] = shape
        self._fresh.append(key)
        if not self._depth:
            self._untie()
        return self._made[key]

    def field(self, wire: str, schema: object, document: Document, *, required: bool, hint: str = "") -> Field:
        """One parameter or key with its comment."""
        shape = self.shape(schema, document, hint or wire)
        return Field(wire, shape, required, note_of(described(schema, document), shape.note))

    def _untie(self) -> None:
        """Put in what wasn't known yet while the schemas since the last time were read."""
        if self._circular:
            for number in range(self._untied, self._count):
                self.records[number] = self._untying.record(self.records[number])
            self._made.update(self._untying.shapes(self._fresh))
        self._circular, self._untied = False, self._count
        self._fresh.clear()

    def _new(self, schema: JsonSchema, document: Document, hint: str) -> Shape:
        flat = document.flat(schema)
        if EMPTY in flat:
            return NEVER
        shape = self._plain(flat, document, hint, id(schema))
        if flat.get("nullable") is True:
            shape = union([shape, NONE])
        note = "its rules exclude each other" if CONFLICT in flat else "unresolved reference"
        return with_note(shape, note) if CONFLICT in flat or UNRESOLVED in flat else shape

    def _plain(self, flat: JsonSchema, document: Document, hint: str, key: int) -> Shape:
        values = [flat["const"]] if "const" in flat else flat.get("enum")
        if isinstance(values, list) and values:
            return values_shape(values, flat, faithful=self._faithful)
        for word in ("anyOf", "oneOf"):
            branches = flat.get(word)
            if isinstance(branches, list) and branches:
                return self._union(flat, word, document, hint, key)
        words = type_names(flat)
        if words is None:
            words = [] if self._faithful or flat.get("type") else _inferred(flat)
        if not words:
            return ANY
        if len(words) == 1:
            return self._typed(words[0], flat, document, hint, key)
        return union(self._typed(word, flat, document, hint, key) for word in words)

    def _typed(self, word: str, flat: JsonSchema, document: Document, hint: str, key: int) -> Shape:
        if word == "array":
            return self._array(flat, document, hint)
        if word == "object":
            return self._object(flat, document, hint, key)
        return self._atoms[word]

    def _union(self, flat: JsonSchema, word: str, document: Document, hint: str, key: int) -> Shape:
        branches: list[Any] = flat[word]
        document.spend(len(branches) // 4)
        base = {name: value for name, value in flat.items() if name != word}
        if not TYPE_WORDS.intersection(base):
            return union(self.exact(each, document, _branch_hint(each, hint)) for each in branches)
        if all(isinstance(each, dict) and TYPE_WORDS.intersection(each) <= {"required"} for each in branches):
            needs = " or ".join("+".join(_strings(each.get("required"))) for each in branches[:6])
            return with_note(self._plain(base, document, hint, key), f"needs {needs}" if needs.strip(" or") else "")
        merged = [
            document.merged(base, each) if isinstance(each, dict) else base for each in branches if each is not False
        ]
        kept = [each for each in merged if each is not None]
        if not kept:
            return with_note(self._plain(base, document, hint, key), "its rules exclude each other")
        return union(self.exact(each, document, _branch_hint(each, hint)) for each in kept)

    def _array(self, flat: JsonSchema, document: Document, hint: str) -> Shape:
        items, rest = flat.get("items"), flat.get("additionalItems")
        if isinstance(flat.get("prefixItems"), list):
            places, rest = flat["prefixItems"], items
        elif isinstance(items, list):
            places = items
        else:
            return list_of(self.exact(items, document, _singular(hint)))
        shapes = [self.exact(each, document, _singular(hint)) for each in places if each is not False]
        more = [self.exact(rest, document, _singular(hint))] if _goes_on(rest, flat, len(places)) or not shapes else []
        return list_of(union([*shapes, *more]), f"in this order: {', '.join(map(_spoken, shapes[:8]))}")

    def _object(self, flat: JsonSchema, document: Document, hint: str, key: int) -> Shape:
        properties = flat.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        required = dict.fromkeys(_strings(flat.get("required")))
        closed = flat.get("additionalProperties") is False
        unnamed = [] if closed else [each for each in required if each not in properties]
        if not properties and not unnamed:
            return map_of(self._extra(flat, document, hint) or (NEVER if closed else ANY))
        if self._count >= MOST_RECORDS or self._parts > MOST_PARTS:
            return with_note(map_of(ANY), TOO_LARGE.note)
        shape = Shape("record", record=self._count)
        self._count += 1
        self._parts += min(len(properties), MOST_FIELDS)
        self._running[key] = _seen_from_inside(shape, flat)
        extra = self._extra(flat, document, hint)
        if not properties or len(properties) > MOST_FIELDS:
            extra = extra or ANY
        fields = [
            self.field(wire, each, document, required=wire in required)
            for wire, each in islice(properties.items(), MOST_FIELDS)
            if isinstance(wire, str) and not never(each)
        ]
        other = extra if extra and "additionalProperties" in flat else ANY
        fields += [Field(wire, other, required=True, comment="") for wire in unnamed[: MOST_FIELDS - len(fields)]]
        title = flat.get("title")
        if isinstance(title, str) and len(title) <= 40 and title.isidentifier():
            hint = title
        return self._settled(shape, _record(hint, fields, extra))

    def _extra(self, flat: JsonSchema, document: Document, hint: str) -> Shape | None:
        """The type of keys that aren't named: None where none are meant."""
        patterns = flat.get("patternProperties")
        schemas = list(patterns.values()) if isinstance(patterns, dict) else []
        more = flat.get("additionalProperties", self._faithful or UNRESOLVED in flat)
        if more is not False and more is not None:
            schemas.append(more)
        if not schemas:
            return None
        shape = union(self.exact(each, document, _singular(hint)) for each in schemas)
        return None if shape == NEVER else shape

    def _settled(self, shape: Shape, record: Record) -> Shape:
        """The class as built, or an equal one that was built before."""
        # The twin is kept, for what was read inside it may name it; what nothing names isn't written.
        self.records[shape.record] = record
        known = self._equal.setdefault(_likeness(record, shape), shape.record)
        return shape if known == shape.record else Shape("record", record=known)


def _record(hint: str, fields: list[Field], extra: Shape | None) -> Record:
    """A class of the keys that type checkers can read; one that is empty, endless or no Unicode is not named."""
    named = tuple(each for each in fields if 0 < len(each.wire) <= LONGEST_KEY and is_unicode(each.wire))
    if len(named) < len(fields):
        unnamed = [each.shape for each in fields if each not in named]
        extra = union([*unnamed, *([extra] if extra else [])])
    return Record(hint, named, extra)


def never(schema: object) -> bool:
    """Whether no value can satisfy it: such a property isn't one."""
    return schema is False or (isinstance(schema, dict) and len(schema) == 1 and schema.get("not", 0) in ({}, True))


def _seen_from_inside(shape: Shape, flat: JsonSchema) -> Shape | None:
    """What a reference to a schema means while its class is being built; None where only the whole could say."""
    kinds = set(type_names(flat) or ())
    if kinds - {"object", "null"}:
        return None
    return union([shape, NONE]) if flat.get("nullable") is True or "null" in kinds else shape


def _inferred(flat: JsonSchema) -> list[str]:
    words = set(flat)
    if isinstance(flat.get("required"), list):
        return ["object"]
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


def _likeness(record: Record, own: Shape) -> tuple[object, ...]:
    """What is the same in two classes that are, in which one that names itself looks like every other that does."""
    return (record.extra, *((f.wire, _nameless(f.shape, own), f.required, f.comment) for f in record.fields))


def _nameless(shape: Shape, own: Shape) -> Shape:
    if shape.kind == "record":
        return Shape("record") if shape.record == own.record else shape
    members = tuple([_nameless(each, own) for each in shape.members])
    return shape if all(map(is_, members, shape.members)) else replace(shape, members=members)
