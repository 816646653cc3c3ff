"""The line of a configuration file on which a key stands: for an error's text, so this is only imported for one."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence

_BETWEEN = re.compile(r"[\s,:]*")


def toml_line(text: str, path: Sequence[str]) -> int:
    """Of a valid TOML document; for what stands inside a value the value's, 0 where there is nothing of it.

    The place in an array of tables is a part of `path`, counted from 0.
    """
    wanted = tuple(path)
    best, longest = 0, 0
    for number, found in _statements(text):
        if found[: len(wanted)] == wanted:
            return number
        if wanted[: len(found)] == found and len(found) > longest:
            best, longest = number, len(found)
    return best


def _statements(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The headers and pairs of a document: the line where each begins, and where it leads.

    A statement is the fewest lines that are a document alone: so that strings and brackets are `tomllib`'s affair.
    """
    table: tuple[str, ...] = ()
    counts: dict[tuple[str, ...], int] = {}
    begin, statement = 0, ""
    for number, line in enumerate(text.split("\n"), 1):
        if not statement and (not line.strip() or line.lstrip().startswith("#")):
            continue
        begin, statement = begin or number, f"{statement}{line}\n"
        try:
            names, value = _chain(tomllib.loads(statement))
        except tomllib.TOMLDecodeError:
            continue
        is_header = statement.lstrip().startswith("[")
        if is_header:
            table = _table(names, counts, is_item=isinstance(value, list))
        yield begin, table if is_header else (*table, *names)
        begin, statement = 0, ""


def _chain(value: object) -> tuple[list[str], object]:
    """The names that lead to the one value in tables of tables."""
    names: list[str] = []
    while isinstance(value, dict) and len(value) == 1:
        ((name, value),) = value.items()
        names.append(name)
    return names, value


def _table(names: Sequence[str], counts: dict[tuple[str, ...], int], *, is_item: bool) -> tuple[str, ...]:
    """The path of a header: below arrays of tables it is about their last one, and `[[x]]` makes another."""
    path: tuple[str, ...] = ()
    for left, name in zip(reversed(range(len(names))), names, strict=True):
        path = (*path, name)
        if is_item and not left:
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path = (*path, str(counts[path] - 1))
    return path


def json_line(text: str, path: Sequence[str]) -> int:
    """Of a key in a valid JSON document, below objects alone; 0 where there is none."""
    at = key = 0
    for name in path:
        found = _member(text, at, name)
        if found is None:
            return 0
        key, at = found
    return text.count("\n", 0, key) + 1


def _member(text: str, at: int, name: str) -> tuple[int, int] | None:
    """Where a key of the object at a place stands, and where its value does."""
    decoder = json.JSONDecoder()
    at = _skipped(text, at)
    if text[at : at + 1] != "{":
        return None
    key = _skipped(text, at + 1)
    while text[key : key + 1] == '"':
        found, end = decoder.raw_decode(text, key)
        value = _skipped(text, end)
        if found == name:
            return key, value
        key = _skipped(text, decoder.raw_decode(text, value)[1])
    return None


def _skipped(text: str, at: int) -> int:
    between = _BETWEEN.match(text, at)
    return between.end() if between else at
