"""What a schema means in Python's types, before it is text: one small value, shared by modules and signatures."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["atom", "choice", "list", "map", "record", "union", "later"]

LARGEST = 240
"""Parts a type may have before it is `Any`: nobody reads more, and doubling schemas end here."""

MOST_VALUES = 60
"""Literals that an agent reads; a longer list is its base type and `describe`."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A type. `text` is the atom's Python word; `choices` are literals as text; `record` is the key of a class, or of
    the schema that a "later" stands for until it is known.

    `size` and `note` (what the type can't say) take no part in comparison.
    """

    kind: Kind
    text: str = ""
    choices: tuple[str, ...] = ()
    members: tuple[Shape, ...] = ()
    record: int = -1
    size: int = field(default=1, compare=False)
    note: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a TypedDict: its wire name, type, and the comment on its line."""

    wire: str
    shape: Shape
    required: bool
    comment: str


@dataclass(frozen=True, slots=True)
class Record:
    """A TypedDict: `extra` is the type of the keys that it doesn't name, None where it takes no others."""

    hint: str
    fields: tuple[Field, ...]
    extra: Shape | None


ANY = Shape("atom", "Any")
NONE = Shape("atom", "None")
NEVER = Shape("atom", "Never")
"""No value at all. Only a whole type is written so: a union goes without it, a list of it is empty."""
ATOMS: Mapping[str, Shape] = {name: Shape("atom", name) for name in ("str", "int", "float", "bool")}
TOO_LARGE = Shape("atom", "Any", note="type too large to write, see describe()")


def list_of(item: Shape, note: str = "") -> Shape:
    """`list[item]`."""
    item, note = (ANY, "empty") if item.text == NEVER.text else (item, note)
    return _bounded(Shape("list", members=(item,), size=item.size + 1, note=note or item.note))


def map_of(value: Shape) -> Shape:
    """`dict[str, value]`."""
    value = with_note(ANY, "empty") if value.text == NEVER.text else value
    return _bounded(Shape("map", members=(value,), size=value.size + 1, note=value.note))


def choice(texts: Iterable[str]) -> Shape:
    """`Literal[...]` of literals as text."""
    texts = tuple(dict.fromkeys(texts))
    return Shape("choice", choices=texts, size=1 + max(len(texts) // 8, sum(map(len, texts)) // 64))


def union(members: Iterable[Shape]) -> Shape:
    """`A | B`: flat, each once, literals joined, `None` last; `Any` absorbs all."""
    flat: dict[Shape, None] = {}
    choices: dict[str, None] = {}
    atoms: set[str] = set()
    note = ""
    for member in _flattened(members):
        note = note or member.note
        if member.text == ANY.text:
            return with_note(ANY, note)
        if member.kind == "choice":
            choices.update(dict.fromkeys(member.choices))
        elif member.text != NEVER.text:
            flat[member] = None
            atoms.add(member.text)
    literals = _literals(choices)
    note = note or _first(each.note for each in literals)
    without = {NONE.text, "int"} if "float" in atoms else {NONE.text}
    kept = [*literals, *(shape for shape in flat if shape.text not in without and shape not in literals)]
    kept += [NONE] if NONE.text in atoms else []
    if len(kept) == 1:
        return with_note(kept[0], note)
    if not kept:
        return NEVER
    size = 1 + sum([shape.size for shape in kept])
    return _bounded(Shape("union", members=tuple(kept), size=size, note=note))


def with_note(shape: Shape, note: str) -> Shape:
    """The same type, saying what it can't."""
    if shape.note or not note:
        return shape
    return Shape(shape.kind, shape.text, shape.choices, shape.members, shape.record, shape.size, note)


def walk(*shapes: Shape) -> list[Shape]:
    """The shapes and every part of them; records are not entered."""
    parts = list(shapes)
    for part in parts:
        parts += part.members
    return parts


_AS_THEY_ARE: Mapping[str, str] = {}


def annotation(
    shape: Shape, names: Mapping[int, str], defined: Container[int] = (), words: Mapping[str, str] = _AS_THEY_ARE
) -> str:
    """The type as Python text. A class that isn't defined yet is named in quotes; `words` renames builtins."""
    text, forward = _written(shape, names, defined, words)
    return _quoted(text) if forward else text


def _written(
    shape: Shape, names: Mapping[int, str], defined: Container[int], words: Mapping[str, str]
) -> tuple[str, bool]:
    if shape.kind == "atom":
        return words.get(shape.text, shape.text), False
    if shape.kind == "record":
        return names[shape.record], shape.record not in defined
    if shape.kind == "choice":
        return f"Literal[{', '.join(shape.choices)}]", False
    parts = [_written(member, names, defined, words) for member in shape.members]
    if shape.kind == "union":
        if any(forward for _, forward in parts):
            # One string around the whole: at run time `"Node" | None` is an error, so nothing inside is quoted.
            return " | ".join(_written(m, names, names, words)[0] for m in shape.members), True
        return " | ".join(text for text, _ in parts), False
    text, forward = parts[0]
    inner = _quoted(text) if forward else text
    return (f"{words.get('list', 'list')}[{inner}]" if shape.kind == "list" else _map(inner, words)), False


def _map(value: str, words: Mapping[str, str]) -> str:
    return f"{words.get('dict', 'dict')}[{words.get('str', 'str')}, {value}]"


def _quoted(text: str) -> str:
    if '"' not in text:
        return f'"{text}"'
    # Type checkers read no escapes in a quoted type.
    return "Any" if "'" in text or "\\" in text else f"'{text}'"


def _flattened(members: Iterable[Shape]) -> Iterable[Shape]:
    for member in members:
        if member.kind == "union":
            for inner in member.members:
                yield with_note(inner, member.note)
        else:
            yield member


def _literals(choices: dict[str, None]) -> list[Shape]:
    if len(choices) > MOST_VALUES:
        kinds = dict.fromkeys("str" if text[0] == '"' else "bool" if text in _TRUTHS else "int" for text in choices)
        return [with_note(ATOMS[kind], f"one of {len(choices)}, see describe()") for kind in kinds]
    if choices.keys() >= _TRUTHS:
        rest = [text for text in choices if text not in _TRUTHS]
        return [*([choice(rest)] if rest else []), ATOMS["bool"]]
    return [choice(choices)] if choices else []


_TRUTHS = frozenset({"True", "False"})


def _first(notes: Iterable[str]) -> str:
    return next((note for note in notes if note), "")


def _bounded(shape: Shape) -> Shape:
    return shape if shape.size <= LARGEST else TOO_LARGE
