"""The root of an input schema as keyword parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from codegen.generate.literals import one_line
from codegen.generate.merge import UNRESOLVED, alike
from codegen.generate.notes import described, note_of, untyped
from codegen.generate.refs import Document
from codegen.generate.shapes import NEVER, Shape
from codegen.generate.types import MOST_FIELDS, Types, never
from codegen.model import JsonSchema
from codegen.naming import STUB_NAMES, parameter_names

_RESERVED = STUB_NAMES | {"locals", "TYPE_CHECKING"}
"""What the body and the signature of a generated function say, and the flag that type checkers keep for themselves.
Builtins may be shadowed: `type`, `id`, `list`.
"""

_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument: Python's name, the wire's, its type, the comment on its line, and the server's text about it."""

    name: str
    wire: str
    shape: Shape
    required: bool
    comment: str
    description: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """A tool's arguments, required ones first. `extra` is the type of arguments the schema doesn't name."""

    each: tuple[Parameter, ...]
    extra: Shape | None
    extra_name: str
    note: str

    def names(self) -> dict[str, str | None]:
        """The map that `call` needs: what is spelt otherwise on the wire, and None for `**extra`."""
        changed: dict[str, str | None] = {p.name: p.wire for p in self.each if p.name != p.wire}
        return {**changed, self.extra_name: None} if self.extra is not None else changed


@dataclass(frozen=True, slots=True)
class _Root:
    """All that an object schema says about its keys, over all of its variants."""

    properties: Mapping[str, Any]
    required: tuple[str, ...]
    extra: object  # a schema, or False where no other key may come
    note: str = ""


def read_parameters(schema: JsonSchema, types: Types) -> Parameters:
    """Properties of the root, and of every variant where it has variants."""
    document = Document(schema)
    root = _read(schema, document, 0)
    required = frozenset(root.required)
    needed = [wire for wire in root.required if wire not in root.properties]
    properties = {**root.properties, **(dict.fromkeys(needed, root.extra) if root.extra is not False else {})}
    kept = {wire: each for wire, each in properties.items() if isinstance(wire, str) and not never(each)}
    if len(kept) > MOST_FIELDS:
        kept = dict(islice(sorted(kept.items(), key=lambda item: item[0] not in required), MOST_FIELDS))
        root = replace(root, extra=True)
    names = parameter_names(list(kept), _RESERVED)
    found = []
    for wire, each in kept.items():
        shape, said = types.shape(each, document, wire), described(each, document)
        text = said.get("description")
        description = text if isinstance(text, str) else ""
        found.append(Parameter(names[wire], wire, shape, wire in required, note_of(said, shape.note), description))
    found.sort(key=lambda parameter: not parameter.required)
    extra_name = "extra"
    while extra_name in names.values():
        extra_name += "_"
    extra = types.exact(root.extra, document, "extra")
    extra_type = None if extra.text == NEVER.text else replace(extra, note="") if extra.note else extra
    note = "; ".join(each for each in (root.note, _rules(schema)) if each)
    return Parameters(tuple(found), extra_type, extra_name, one_line(note))


def _rules(schema: JsonSchema) -> str:
    words = untyped(schema)
    return f"also held to: {words}" if words else ""


def _read(schema: JsonSchema, document: Document, depth: int) -> _Root:
    target, _ = document.target(schema)
    if not isinstance(target, dict) or not document.spend(1):
        return _Root({}, (), extra=True)
    flat = document.flat(target)
    branches = _branches(flat)
    own = _own(flat)
    if not branches or depth >= _DEEPEST:
        return own
    variants = [_read(each, document, depth + 1) for each in branches]
    return _joined(own, variants, closes=isinstance(flat.get("properties"), dict) or "additionalProperties" in flat)


def _own(flat: JsonSchema) -> _Root:
    properties = flat.get("properties")
    required = flat.get("required")
    names = dict.fromkeys(each for each in required if isinstance(each, str)) if isinstance(required, list) else {}
    extra = flat.get("additionalProperties", UNRESOLVED in flat or not isinstance(properties, dict))
    patterns = flat.get("patternProperties")
    if isinstance(patterns, dict) and patterns and (extra is False or "additionalProperties" not in flat):
        extra = {"anyOf": list(patterns.values())}
    return _Root(
        properties if isinstance(properties, dict) else {}, tuple(names), extra if extra is not None else False
    )


def _branches(flat: JsonSchema) -> list[JsonSchema]:
    for word in ("oneOf", "anyOf"):
        branches = flat.get(word)
        if isinstance(branches, list):
            return [each for each in branches[:64] if isinstance(each, dict)]
    return []


def _joined(own: _Root, variants: list[_Root], *, closes: bool) -> _Root:
    """Any variant's keys may come; required is what all of them require."""
    schemas: dict[str, list[Any]] = {}
    for variant in variants:
        for wire, each in variant.properties.items():
            known = schemas.setdefault(wire, [])
            if not any(alike(each, other) for other in known[:8]):
                known.append(each)
    # A variant that only says what is required adds no keys of its own.
    speaking = [variant for variant in variants if variant.properties] or ([] if closes else variants)
    joined = {wire: each[0] if len(each) == 1 else {"anyOf": each} for wire, each in schemas.items()}
    both = {wire: {"allOf": [each, joined[wire]]} if wire in joined else each for wire, each in own.properties.items()}
    sets = [frozenset(variant.required) for variant in variants]
    shared = [wire for wire in variants[0].required if all(wire in each for each in sets)]
    open_to = [variant.extra for variant in speaking if variant.extra is not False]
    extra = own.extra if closes or not open_to else open_to[0]
    return _Root(
        {**both, **{wire: joined[wire] for wire in joined if wire not in both}},
        tuple(dict.fromkeys([*own.required, *shared])),
        extra if closes or open_to else False,
        _told(variants),
    )


def _told(variants: list[_Root]) -> str:
    said = dict.fromkeys("+".join(variant.required) or "nothing" for variant in variants)
    return f"needs one of: {', '.join(list(said)[:8])}" if len(said) > 1 else ""
