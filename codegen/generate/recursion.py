"""Recursion through unions, lists and maps: what a schema is to itself, put in once it is known.

Inside a class the whole is written out, because the class ends the circle. Where no class does, the circle is `Any`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from codegen.generate.shapes import ANY, Field, Record, Shape, list_of, map_of, union, walk, with_note

MOST_STEPS = 2_000
"""Places filled in one module; where all schemas hold all others there is no end of them."""


def later(schema: int) -> Shape:
    """A place for the shape of a schema (its `id`) that is being read."""
    return Shape("later", record=schema)


class Untying:
    """Fills the places in shapes and classes from what schemas were found to be, `known` by their `id`."""

    def __init__(self, known: Mapping[int, Shape]) -> None:
        self._known = known
        self._steps = MOST_STEPS

    def shapes(self, keys: Iterable[int]) -> dict[int, Shape]:
        """What these schemas are, with no place left."""
        return {key: self._filled(self._known[key], frozenset({key})) for key in keys}

    def record(self, record: Record) -> Record:
        """A class with what its keys refer to; the same one where they refer to nothing of the kind."""
        fields = tuple(self._field(each) for each in record.fields)
        extra = None if record.extra is None else self._filled(record.extra, frozenset())
        return record if fields == record.fields and extra == record.extra else Record(record.hint, fields, extra)

    def _field(self, field: Field) -> Field:
        shape = self._filled(field.shape, frozenset())
        if shape is field.shape:
            return field
        said = field.comment if shape.note == field.shape.note else "; ".join(filter(None, (shape.note, field.comment)))
        return replace(field, shape=shape, comment=said)

    def _filled(self, shape: Shape, within: frozenset[int]) -> Shape:
        if not _is_open(shape):
            return shape
        self._steps -= 1
        if shape.record in within or self._steps < 0:
            return with_note(ANY, "refers to itself")
        if shape.kind == "later":
            return self._filled(self._known[shape.record], within | {shape.record})
        members = [self._filled(each, within) for each in shape.members]
        if shape.kind == "union":
            return with_note(union(members), shape.note)
        return with_note((list_of if shape.kind == "list" else map_of)(members[0]), shape.note)


def _is_open(shape: Shape) -> bool:
    return any(part.kind == "later" for part in walk(shape))
