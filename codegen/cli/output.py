"""Everything that is printed. Answers go to stdout, remarks to stderr; `rich` is imported for progress alone."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from codegen.model import Json


def line(text: str = "") -> None:
    """A line of the answer."""
    write(text + "\n")


def write(text: str) -> None:
    """A part of the answer as it is; what the terminal's encoding can't show is escaped."""
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        sys.stdout.write(text.encode("ascii", "backslashreplace").decode())
    sys.stdout.flush()


def remark(text: str) -> None:
    """A line beside the answer: what went on, or what to do next."""
    write_remark(text + "\n")


def write_remark(text: str) -> None:
    """A part of what stands beside the answer, as it is."""
    try:
        sys.stderr.write(text)
    except UnicodeEncodeError:
        sys.stderr.write(text.encode("ascii", "backslashreplace").decode())
    sys.stderr.flush()


def error(text: str) -> None:
    remark(f"codegen: {text}")


def document(value: Json) -> None:
    """The answer as one JSON document."""
    import json

    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        value = _finite(value)
        text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:  # JSON has escapes of its own
        text = json.dumps(value)
    line(text)


def _finite(value: Json) -> Json:
    """The value with null for NaN and infinities: Python reads and writes them, JSON has none."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, list):
        return [_finite(each) for each in value]
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return value


def verbs(known: Mapping[str, str]) -> None:
    """The text of `codegen --help`."""
    line("codegen: tools as typed Python modules, for a coding agent that writes one script instead of twenty calls\n")
    line("usage: codegen VERB …   (codegen VERB --help shows its options and an example)\n")
    for name, summary in known.items():
        line(f"  {name:<9} {summary}")


def table(rows: list[tuple[str, ...]]) -> None:
    """Rows in columns, two spaces apart; the last column is not padded."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)] if rows else []
    for row in rows:
        line("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip())


def abandon() -> None:
    """The reader closed the pipe (`| head`): end quietly."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
