"""The docstring of a tool: first sentence, effect, the rest of the server's text, one example."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import Any

from codegen.generate.literals import clean, cut, one_line
from codegen.generate.notes import brief_literal, described
from codegen.generate.parameters import Parameter
from codegen.generate.refs import Document
from codegen.model import JsonSchema, Tool

LONGEST_SUMMARY = 200
LONGEST_REST = 600
LONGEST_EXAMPLE = 200

# A sentence ends at a mark before white space, but not after `e.g.`, `i.e.`, `vs.`, `etc.` or an initial.
_SENTENCE = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\betc)(?<!\b[A-Z])[.!?](?=\s|$)|[。！？]")  # noqa: RUF001

_FORMATS = {
    "date": "2025-01-31",
    "date-time": "2025-01-31T09:00:00Z",
    "time": "09:00:00",
    "uri": "https://example.com",
    "url": "https://example.com",
    "email": "ada@example.com",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "ipv4": "192.0.2.1",
}


def split_text(text: str) -> tuple[str, str]:
    """The first sentence on one line, and what comes after it, cleaned."""
    text = clean(text[:20_000]).strip()
    paragraph = re.split(r"\n\s*\n|\n(?=\s*(?:[-*#>]|\d+[.)])\s)", text, maxsplit=1)[0]
    end = _SENTENCE.search(paragraph)
    first = paragraph[: end.end()] if end else paragraph
    line = " ".join(first.split())
    if len(line) <= LONGEST_SUMMARY:
        return line, text[len(first) :].strip()
    head = cut(line, LONGEST_SUMMARY)
    return head, "…" + line[len(head) - 1 :].lstrip() + text[len(first) :].rstrip()


def summary_of(tool: Tool) -> tuple[str, str]:
    """The summary line and the rest; the title, or the name, where there is no description."""
    first, rest = split_text(tool.description)
    first = first.lstrip("# ").strip()
    return first or one_line(tool.title, LONGEST_SUMMARY) or one_line(tool.name, LONGEST_SUMMARY), rest


def docstring_lines(tool: Tool, parameters: Sequence[Parameter], function: str) -> list[str]:
    """The lines of the docstring, not yet escaped."""
    first, rest = summary_of(tool)
    effect = "" if tool.effect == "unknown" else f" [{tool.effect}]"
    lines = [first + effect]
    if rest:
        lines += ["", *_paragraphs(rest)]
    known = tool.output_schema or tool.returns or tool.learned
    last = [] if known is not None else ["Returns undeclared."]
    example = example_call(tool.input_schema, parameters, function)
    last += [f"Example: {example}"] if example else []
    return [*lines, "", *last] if last else lines


def example_call(schema: JsonSchema, parameters: Sequence[Parameter], function: str) -> str:
    """A call with the required arguments, in the schema's own values where it has some; nothing if none is required."""
    required = [parameter for parameter in parameters if parameter.required]
    if not required:
        return ""
    document = Document(schema, budget=400)
    whole = schema.get("examples")
    given = whole[0] if isinstance(whole, list) and whole and isinstance(whole[0], dict) else {}
    target, _ = document.target(schema)
    flat = document.flat(target) if isinstance(target, dict) else None
    properties = (flat or {}).get("properties")
    said = []
    for parameter in required:
        each = properties.get(parameter.wire) if isinstance(properties, dict) else None
        value = given.get(parameter.wire, _MISSING)
        text = _short_literal(sample(each, document) if value is _MISSING else value)
        said.append(f"{parameter.name}={text}")
    call = f"{function}({', '.join(said)})"
    while len(call) > LONGEST_EXAMPLE and len(said) > 1:
        said.pop()
        call = f"{function}({', '.join(said)}, ...)"
    return call


_MISSING: Any = object()


def sample(schema: object, document: Document, depth: int = 0) -> Any:
    """A value of this schema: its own example or default, else the plainest."""
    if not isinstance(schema, dict) or depth > 3 or not document.spend(1):
        return "..."
    said = described(schema, document)
    given = _given(said)
    if given is not _MISSING:
        return given
    branches = said.get("anyOf") or said.get("oneOf")
    if isinstance(branches, list) and branches and "type" not in said:
        return sample(branches[0], document, depth + 1)
    words = said.get("type")
    word = words[0] if isinstance(words, list) and words else words
    if word == "array" or (word is None and "items" in said):
        return [] if depth == 3 else [sample(said.get("items"), document, depth + 1)]
    if word == "object" or (word is None and "properties" in said):
        return _sample_object(said, document, depth)
    return _plain(word, said)


def _given(said: JsonSchema) -> Any:
    for word in ("examples", "enum"):
        values = said.get(word)
        if isinstance(values, list) and values:
            return values[0]
    for word in ("example", "const", "default"):
        if said.get(word) is not None:
            return said[word]
    return _MISSING


def _sample_object(said: JsonSchema, document: Document, depth: int) -> dict[str, Any]:
    properties, required = said.get("properties"), said.get("required")
    if not isinstance(properties, dict) or not isinstance(required, list):
        return {}
    wanted = [each for each in required if isinstance(each, str) and each in properties]
    return {each: sample(properties[each], document, depth + 1) for each in wanted[:8]}


def _plain(word: object, said: JsonSchema) -> Any:
    if word in {"integer", "number"}:
        least = said.get("minimum")
        return least if isinstance(least, (int, float)) and abs(least) < 10**6 else 1
    if word == "boolean":
        return True
    if word == "null":
        return None
    return _FORMATS.get(str(said.get("format")), "...")


def _short_literal(value: Any) -> str:
    text = brief_literal(value, 120)
    return "..." if "…" in text and not isinstance(value, str) else text


def _paragraphs(text: str) -> list[str]:
    """Lines without the margin of the source they were written in, cut at the cap."""
    lines: list[str] = []
    first, *others = text.split("\n")
    for line in [first, *textwrap.dedent("\n".join(others)).split("\n")]:
        kept = line.rstrip()
        if kept or (lines and lines[-1]):
            lines.append(kept)
    return cut("\n".join(lines).rstrip(), LONGEST_REST).split("\n")
