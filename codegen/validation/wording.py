"""Values, keys and rules of a schema in few words, clean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

from codegen.generate.literals import cut, literal, one_line

T = TypeVar("T")

MOST_SHOWN = 8
LONGEST = 60
"""Characters of a value, a key or a pattern that are shown."""

_SIGNS: Mapping[str, str] = {
    "minimum": ">= ",
    "maximum": "<= ",
    "exclusiveMinimum": "> ",
    "exclusiveMaximum": "< ",
    "multipleOf": "a multiple of ",
    "pattern": "text that matches ",
}
_SIZES: Mapping[str, str] = {"minLength": ">=", "minItems": ">=", "minProperties": ">="}
_SIZES = {**_SIZES, "maxLength": "<=", "maxItems": "<=", "maxProperties": "<=", "additionalItems": "<="}
_PLAIN: Mapping[str, str] = {
    "uniqueItems": "an item is given twice, each once is accepted",
    "falseSchema": "given, not accepted here",
    "oneOf": "fits several variants where only one may fit",
    "contains": "has no item of the kind that must be among them",
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """What would do in a place, as values or as Python's types."""

    values: tuple[object, ...] = ()
    types: tuple[str, ...] = ()

    def __or__(self, other: Accepted) -> Accepted:
        return Accepted(self.values + other.values, self.types + other.types)


def mismatch(value: object, accepted: Accepted) -> str:
    """`"opne" given, one of "open", "closed" accepted; did you mean "open"?`; of many values the nearest."""
    values = accepted.values
    close = nearest(value, (each for each in accepted.values if isinstance(each, str)), 3)
    hint = f"; did you mean {' or '.join(map(shown, close if len(values) > MOST_SHOWN else close[:1]))}?"
    named = [f"{len(values)} values"] if close and len(values) > MOST_SHOWN else _first(values, shown)
    words = [*dict.fromkeys(named), *sorted(dict.fromkeys(accepted.types), key="None".__eq__)]
    several = len(words) > 1 or len(values) > MOST_SHOWN
    text = f"{shown(value)} given, {'one of ' if several else ''}{', '.join(words)} accepted"
    return text + hint if close and several else text


def broken_rule(value: object, rule: str, limit: object) -> str:
    """`0 given, >= 1 accepted`: a value of the right kind that a schema's word refuses."""
    if rule in _SIGNS:
        bound = one_line(limit, LONGEST) if isinstance(limit, str) else shown(limit)
        return f"{shown(value)} given, {_SIGNS[rule]}{bound} accepted"
    if rule in _SIZES and isinstance(value, (str, list, dict)):
        unit = "characters" if isinstance(value, str) else "items" if isinstance(value, list) else "keys"
        return f"{len(value)} {unit} given, {_SIZES[rule]} {shown(limit)} accepted"
    return _PLAIN.get(rule) or f"{shown(value)} given, it breaks the rule `{one_line(rule, LONGEST)}`"


def unknown(name: str, known: list[str]) -> str:
    """`unknown; did you mean title?`, or what is known."""
    close = nearest(name, known)
    if close:
        return f"unknown; did you mean {key(close[0])}?"
    return f"unknown; known: {', '.join(_first(known, key))}" if known else "unknown"


def nearest(value: object, known: Iterable[str], most: int = 1) -> list[str]:
    """The known texts most like a value, whatever its case; none where none is like it."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return []
    folded = {each.casefold(): each for each, _ in zip(known, range(2_000), strict=False) if len(each) <= LONGEST}
    return [folded[each] for each in get_close_matches(value.casefold(), folded, n=most, cutoff=0.6)]


def key(name: str) -> str:
    """A key as it is where that is a plain name, else as a literal."""
    return cut(name, LONGEST) if name.isidentifier() and name.isascii() else shown(name)


def shown(value: object) -> str:
    """A value as Python writes it, cut; of lists and dicts only what they are."""
    if isinstance(value, list):
        return "a list" if value else "[]"
    if isinstance(value, dict):
        return "a dict" if value else "{}"
    return cut(literal(value[: 2 * LONGEST] if isinstance(value, str) else value), LONGEST)


def _first(each: Sequence[T], text: Callable[[T], str]) -> list[str]:
    more = [f"…+{len(each) - MOST_SHOWN}"] if len(each) > MOST_SHOWN else []
    return [*map(text, each[:MOST_SHOWN]), *more]
