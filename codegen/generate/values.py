"""What `type`, `enum` and `const` say, as shapes."""

from __future__ import annotations

from typing import Any

from codegen.generate.literals import literal
from codegen.generate.merge import type_names
from codegen.generate.shapes import ANY, ATOMS, MOST_VALUES, NONE, Shape, choice, list_of, map_of, union, with_note
from codegen.model import JsonSchema

LONGEST = 2_000
"""Characters of all the texts in one `Literal[...]`."""


def values_shape(values: list[Any], flat: JsonSchema, *, faithful: bool) -> Shape:
    """`Literal[...]` of the values that the type allows, or their types. `faithful`: 1.0 is an integer too."""
    allowed = set(type_names(flat) or ())
    fits = {kind for kind, names in _KINDS.items() if not allowed or not allowed.isdisjoint(names)}
    fitting = [value for value in values if type(value) in fits] or values
    if len(fitting) <= MOST_VALUES and sum(len(each) for each in fitting if isinstance(each, str)) <= LONGEST:
        literals: list[str] = []
        others: list[Shape] = []
        for each in fitting:
            if _can_be_literal(each, faithful=faithful):
                literals.append(literal(each))
            else:
                others.append(_kind_shape(type(each), faithful=faithful))
        if allowed == {"string"} and not others:
            return choice(literals)  # as most are: no truth among them, no null
        return union([choice(literals), *others] if literals else others)
    shape = union(_kind_shape(kind, faithful=faithful) for kind in dict.fromkeys(map(type, fitting)))
    return with_note(shape, f"one of {len(fitting)}, see describe()")


def _kind_shape(kind: type, *, faithful: bool) -> Shape:
    if kind is list:
        return list_of(ANY)
    if kind is dict:
        return map_of(ANY)
    if kind is type(None):
        return NONE
    return ATOMS.get("float" if kind is int and faithful else kind.__name__, ANY)


def is_unicode(text: str) -> bool:
    """Whether it has no lone surrogate, which is no character to a type checker written in another language."""
    return text.isascii() or not any("\ud800" <= each <= "\udfff" for each in text)


def _can_be_literal(value: object, *, faithful: bool) -> bool:
    if isinstance(value, str):
        return len(value) <= 500 and is_unicode(value)
    return isinstance(value, bool) or (isinstance(value, int) and not faithful and value.bit_length() < 63)


_KINDS: dict[type, tuple[str, ...]] = {
    str: ("string",),
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number", "integer"),
    type(None): ("null",),
    list: ("array",),
    dict: ("object",),
}
"""The standard's names for what a value is."""
