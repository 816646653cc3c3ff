"""What differs between two definitions of one tool, for people and models to read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from difflib import unified_diff

from codegen.catalogue.snapshot import defining
from codegen.generate.literals import one_line
from codegen.model import Tool

MOST_LINES = 25
WIDTH = 160
MOST_COMPARED = 2_000
"""Lines of one definition; that two differ is known before, by their hashes."""

_SENTENCE = re.compile(r"(?<=[.;:!?] )|(?<=\\n)")


def difference(before: Tool, after: Tool) -> str:
    """A unified diff of two definitions, of few lines and without a line that a server could pass off as another."""
    lines = unified_diff(_lines(before), _lines(after), n=1, lineterm="")
    shown = [_cleaned(line) for line in lines if not line.startswith(("---", "+++"))]
    if len(shown) > MOST_LINES:
        shown[MOST_LINES - 1 :] = [f"… {len(shown) - MOST_LINES + 1} more lines"]
    return "\n".join(shown) or "(it differs late in a long definition)"


def _lines(tool: Tool) -> list[str]:
    """Its JSON with sorted keys; long texts are broken after sentences, so that one that changed shows alone."""
    try:
        text = json.dumps(defining(tool), sort_keys=True, indent=1, ensure_ascii=False)
    except RecursionError:  # without an indent it is written in C, and goes deeper
        text = json.dumps(defining(tool), sort_keys=True, ensure_ascii=False)
    return [part for line in text.split("\n") for part in _broken(line)][:MOST_COMPARED]


def _broken(line: str) -> Iterator[str]:
    if len(line) <= WIDTH:
        yield line
        return
    indent = " " * (len(line) - len(line.lstrip(" ")))
    first, *rest = _SENTENCE.split(line)
    yield first
    yield from (indent + part for part in rest)


def _cleaned(line: str) -> str:
    """The mark of the diff and the indentation stay; the rest is on one line and can be seen."""
    mark, text = line[:1], line[1:]
    indent = " " * (len(text) - len(text.lstrip(" ")))
    return mark + (text if mark == "@" else indent + one_line(text, WIDTH))
