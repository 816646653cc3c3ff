"""Which keys of an object are names of fields, and which are data: ids, addresses, dates, paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from codegen.model import JsonSchema

LONGEST_KEY = 60
MANY_ALIKE = 8
"""Objects of the same keys under so many keys are entries of a map."""

MANY_PLAIN = 30
"""So many plain values of one kind are, too."""

MANY_NUMBERED = 3
"""`item1`, `item2`, … so often: entries; less often: perhaps fields (`line1`, `line2`, `sha256`)."""

_FIELD = re.compile(r"[^\W\d][\w$@:.-]*(?: [\w$@:./()&%#-]+){0,4}|[@$#_][\w:.-]+")
_ID = re.compile(
    r"-?\d[\d.,:_ -]*|\d{4}-\d\d.*"  # numbers, dates, versions, times
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-.*|(?=(?:\D*\d){2})[0-9a-fA-F]{8,}"  # UUIDs, hashes
    r"|[^@\s]+@[^@\s]+\.\w+|[a-z][a-z0-9+.-]*://.*"  # addresses
    r"|[~.]{0,2}/.*|[A-Za-z]:\\.*|.*[\w.-]/[\w.-].*"  # paths
    r"|[\w-]+\.(?:pyi?|[jt]sx?|md|txt|jsonl?|csv|pdf|png|jpe?g|html?|css|ya?ml|toml|xml|sh|rs|go|java|[ch]|cpp|rb|log|sql)"
    r"|(?=(?:\D*\d){3})[A-Za-z0-9]{16,}|(?=\D*\d)[A-Z0-9]{20}"  # tokens
    r"|(?=(?:\D*\d){4})(?=.*(?:[A-Za-z]\d|\d[A-Za-z]))[\w.~+=-]{20,}"  # those that have a prefix or parts
    r"|(?=\D*\d)[0-9a-fA-F]*:[0-9a-fA-F:]*:[0-9a-fA-F]*|(?:[\w-]+\.){2,}(?:com|org|net|io|dev|local|internal)"  # hosts
    r"|[A-Za-z_-]{1,24}[_-](?:\d{3,}|(?=[a-z]*\d)[a-z0-9]{6,}|(?=[A-Z]*\d)[A-Z0-9]{4,})"  # ord_10023, SKU-A7F2
)
_NUMBERED = re.compile(r"[A-Za-z]+[_-]?\d+")


def is_field(key: str) -> bool:
    """Whether a key may stand in a type: it looks like a name and not like somebody's data."""
    return len(key) <= LONGEST_KEY and _FIELD.fullmatch(key) is not None and _ID.fullmatch(key) is None


def are_ids(fields: Mapping[str, JsonSchema]) -> bool:
    """Whether the keys of an object are the ids of entries that are all of one kind."""
    if not fields or not _one_kind(fields.values()):
        return False
    if not any(map(is_field, fields)):
        return True
    if len(fields) >= MANY_NUMBERED and all(_NUMBERED.fullmatch(key) for key in fields):
        return True
    if len(fields) >= MANY_PLAIN:
        return True
    return len(fields) >= MANY_ALIKE and _all_alike(list(fields.values()))


def alike(one: JsonSchema, other: JsonSchema) -> bool:
    """Whether two shapes are objects that share at least half of their fields."""
    first, second = one.get("properties"), other.get("properties")
    if not first or not second:
        return False
    return 2 * len(first.keys() & second.keys()) >= len(first.keys() | second.keys())


def _one_kind(shapes: Iterable[JsonSchema]) -> bool:
    kinds = {str(shape.get("type")) for shape in shapes} - {"null"}
    return len(kinds - {"integer"} if "number" in kinds else kinds) <= 1


def _all_alike(shapes: list[JsonSchema]) -> bool:
    told = [shape for shape in shapes if shape.get("type") != "null"]
    return bool(told) and all(alike(told[0], shape) for shape in told)
