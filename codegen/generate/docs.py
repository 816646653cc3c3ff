"""The docstring of a tool: first sentence, effect, the rest of the server's text, one example."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from codegen.generate.budget import SLACK, shortened, width
from codegen.generate.echoes import without_echo
from codegen.generate.example import example_call
from codegen.generate.literals import clean, cut, one_line
from codegen.generate.notes import LONGEST_DESCRIPTION
from codegen.generate.parameters import Parameters
from codegen.generate.signature import Signature
from codegen.model import Tool

LONGEST_SUMMARY = 200
LONGEST_REST = 180
"""Bytes: what doesn't help to call a tool, most of what comes later, costs every reader."""

READ_OF_REST = 4 * LONGEST_REST
"""Characters that are made ready at first: with what is left of them there is mostly more than enough."""

# A sentence ends at a mark before white space, but not after `e.g.`, `i.e.`, `vs.`, `etc.` or an initial. The mark
# comes first in the pattern: looking behind at every character would be most of the work.
_SENTENCE = re.compile(
    r"[.!?。！？](?:(?<=[。！？])|(?=\s|$)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)(?<!\betc\.)(?<!\b[A-Z]\.))"  # noqa: RUF001
)
_PARAGRAPH = re.compile(r"\n(?:\s*\n|(?=\s*(?:[-*#>]|\d+[.)])\s))")
_ARGUMENTS = re.compile(r"(?i)(?:^|\n)[ \t#*]*(?:args|arguments|parameters|params)[ \t*]*:[ \t*]*\n")
_ENTRY = re.compile(
    r"([ \t]*)(?:[-*•] +)?[`*\"']*([A-Za-z_][\w.-]*)[`*\"']*[ \t]*(\([^()]*\))?[`*]*(?::[`*]*[ \t]|:$| - )(.*)"
)
_BOLD = re.compile(r"(?<!\w)\*\*([^\s*](?:[^*\n]*[^\s*])?)\*\*(?!\w)")
_RULER = re.compile(r"\n(?:[ \t]*(?:[-=_*]{3,}|```\w*)[ \t]*$|[ \t]*#{2,6} +)", re.MULTILINE)
_TRAILING, _BLANK = re.compile(r" +\n"), re.compile(r"\n\n\n+")
_WRAPPED = re.compile(r"\n(?<=[\w,;)]\n)(?=[a-z(])")


@dataclass(frozen=True, slots=True)
class Text:
    """A description in parts: the first sentence on one line, what comes after, and what it says of each parameter."""

    first: str
    rest: str
    arguments: Mapping[str, str] = field(default_factory=dict, hash=False)


def split_text(text: str) -> tuple[str, str]:
    """The first sentence on one line, and what comes after it, cleaned."""
    text = clean(text[:20_000]).strip()
    paragraph = _PARAGRAPH.split(text, maxsplit=1)[0] if "\n" in text else text
    end = _SENTENCE.search(paragraph)
    first = paragraph[: end.end()] if end else paragraph
    line = " ".join(first.split())
    if len(line) <= LONGEST_SUMMARY:
        return line, text[len(first) :].strip()
    head = cut(line, LONGEST_SUMMARY)
    return head, "…" + line[len(head) - 1 :].lstrip() + text[len(first) :].rstrip()


def read_text(tool: Tool, wires: Set[str]) -> Text:
    """The description's parts; the title, or the name, where there is none. `wires` are the tool's parameters."""
    first, rest = split_text(tool.description)
    first = _plain(first.lstrip("# ")).strip()
    rest, arguments = _arguments(rest, wires) if ":" in rest else (rest, {})
    spoken = first or one_line(tool.title, LONGEST_SUMMARY) or one_line(tool.name, LONGEST_SUMMARY)
    return Text(spoken, _paragraphs(rest) if rest else "", arguments)


def docstring_lines(
    tool: Tool, text: Text, parameters: Parameters, signature: Signature, *, cut_above: bool
) -> list[str]:
    """The lines of the docstring, not yet escaped. `cut_above`: some comment was cut, which it says too."""
    effect = "" if signature.effect == "unknown" else f" [{signature.effect}]"
    known = tool.output_schema or tool.returns or tool.learned
    undeclared = " Returns undeclared." if known is None else ""
    rest = shortened(text.rest, LONGEST_REST)
    example = example_call(tool.input_schema, parameters.each, signature.function)
    last = [f"Example: {example}"] if example else []
    if cut_above or rest != text.rest:
        last.append(f"More: codegen describe {signature.path} --detail full")
    lines = [_sentence(text.first, effect + undeclared) + effect + undeclared]
    lines += ["", *rest.split("\n")] if rest else []
    return [*lines, "", *last] if last else lines


def _sentence(first: str, following: str) -> str:
    """With its full stop where another sentence follows."""
    return first if not following or following.startswith(" [") or first[-1:] in ".!?…。！？:" else f"{first}."  # noqa: RUF001


def _arguments(rest: str, wires: Set[str]) -> tuple[str, dict[str, str]]:
    """The text without its section on arguments, as far as it is understood, and that by parameter."""
    lower = rest.lower()
    heading = _ARGUMENTS.search(rest) if "arg" in lower or "param" in lower else None
    if heading is None:
        return rest, {}
    found: dict[str, str] = {}
    margin, name, end = None, "", heading.end()
    for line in rest[end:].splitlines(keepends=True):
        entry = _ENTRY.fullmatch(line.rstrip("\n"))
        if entry is not None and entry[2] in wires and margin in {None, len(entry[1])}:
            margin, name = len(entry[1]), entry[2]
            aside = entry[3] if entry[3] and any(each.isdigit() for each in entry[3]) else ""
            found[name] = f"{entry[4]} {aside}".strip()
        elif margin is not None and line.strip() and len(line) - len(line.lstrip()) > margin:
            found[name] += f" {line.strip()}"
        elif line.strip() or not found:
            break
        end += len(line)
    if not found:
        return rest, {}
    found = {wire: without_echo(one_line(text, LONGEST_DESCRIPTION), {}) for wire, text in found.items()}
    return (rest[: heading.start()].rstrip() + "\n\n" + rest[end:].lstrip("\n")).strip("\n"), found


def _paragraphs(text: str) -> str:
    """Lines without Markdown's decoration and the margin of the source they were written in. Of a long text only the
    beginning, where more of it is left than can be written.
    """
    if "\n" not in text:
        return _plain(text)
    first, others = ("", text) if text.startswith(" ") else text.split("\n", 1)
    others = textwrap.dedent(others) if "\n " in text or not first else others
    text = f"\n{first}\n{others}"
    head = _undecorated(text[:READ_OF_REST])
    return head if len(text) <= READ_OF_REST or width(head) > LONGEST_REST + SLACK else _undecorated(text)


def _undecorated(text: str) -> str:
    text = _WRAPPED.sub(" ", _RULER.sub("\n", _plain(text)))
    text = _TRAILING.sub("\n", text) if " \n" in text else text
    return _BLANK.sub("\n\n", text).strip("\n").rstrip()


def _plain(text: str) -> str:
    return _BOLD.sub(r"\1", text) if "**" in text else text
