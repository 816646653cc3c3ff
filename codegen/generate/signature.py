"""A tool in one line, for search hits, READMEs and error messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codegen.generate.literals import cut, literal, one_line
from codegen.generate.parameters import Parameters
from codegen.generate.shapes import ANY, NONE, Record, Shape
from codegen.model import Effect, Tool

MOST_PARAMETERS = 10
_MARKS: Mapping[Effect, str] = {"writes": " [w]", "destructive": " [d]", "reads": "", "unknown": ""}


@dataclass(frozen=True, slots=True)
class Signature:
    """`path` is `github.create_issue`; `call` and `returns` are Python-like and short; `summary` is one sentence."""

    path: str
    function: str
    call: str
    returns: str
    summary: str
    effect: Effect
    names: str

    @property
    def line(self) -> str:
        """`github.create_issue(owner: str, labels?: list[str]) -> {number, url}  # Open an issue [w]`."""
        summary = cut(self.summary, 100).removesuffix(".")
        return f"{self.call} -> {self.returns}  # {summary}{_MARKS[self.effect]}"

    @property
    def brief(self) -> str:
        """`create_issue(owner, labels?) -> {number, url}  Open an issue. [w]`: a README's line."""
        returns = "" if self.returns == "Any" else f" -> {self.returns}"
        return f"{self.function}({self.names}){returns}  {cut(self.summary, 120)}{_MARKS[self.effect]}"


@dataclass(frozen=True, slots=True)
class Typed:
    """A tool's schemas as shapes: arguments, result, and the classes they use, children before parents.

    `learned`: the result's type was seen, not declared.
    """

    parameters: Parameters
    result: Shape
    records: Mapping[int, Record]
    learned: bool = False


def signature_of(tool: Tool, function: str, package: str, typed: Typed, summary: str) -> Signature:
    """Written from the same shapes as the module, so the two agree."""
    parameters, records = typed.parameters, typed.records
    shown = parameters.each[:MOST_PARAMETERS]
    typed_names = [f"{p.name}{'' if p.required else '?'}: {_compact(p.shape, records)}" for p in shown]
    named = [f"{p.name}{'' if p.required else '?'}" for p in shown]
    rest = [f"…+{len(parameters.each) - MOST_PARAMETERS}"] if len(parameters.each) > MOST_PARAMETERS else []
    rest += [f"**{parameters.extra_name}"] if parameters.extra is not None else []
    return Signature(
        path=f"{package}.{function}",
        function=function,
        call=f"{package}.{function}({', '.join(typed_names + rest)})",
        returns=_result(typed.result, records),
        summary=one_line(summary, 200),
        effect=tool.effect,
        names=", ".join(named + rest),
    )


def compact(shape: Shape, records: Mapping[int, Record]) -> str:
    """A type in at most some 60 characters; what is longer is its plain kind."""
    return _compact(shape, records)


def _compact(shape: Shape, records: Mapping[int, Record], depth: int = 0) -> str:
    if shape.kind == "record":
        return _record(records[shape.record], records, depth)
    if shape.kind == "choice":
        text = "|".join(shape.choices)
        return text if len(text) <= 60 else "int" if shape.choices[0].lstrip("-").isdigit() else "str"
    if shape.kind == "union":
        parts = dict.fromkeys(_compact(member, records, depth + 1) for member in shape.members)
        return "|".join(parts) if len(parts) <= 4 else "Any"
    if not shape.members:
        return shape.text
    if depth > 1 or (shape.kind == "map" and shape.members[0] == ANY):
        return "list" if shape.kind == "list" else "dict"
    inner = _compact(shape.members[0], records, depth + 1)
    return f"list[{inner}]" if shape.kind == "list" else f"dict[str, {inner}]"


def _record(record: Record, records: Mapping[int, Record], depth: int) -> str:
    if depth > 1 or len(record.fields) > 4:
        return "dict"
    text = ", ".join(
        f"{_key(f.wire)}{'' if f.required else '?'}: {_compact(f.shape, records, depth + 2)}" for f in record.fields
    )
    return f"{{{text}}}" if len(text) <= 60 else "dict"


def _result(shape: Shape, records: Mapping[int, Record]) -> str:
    if shape.kind == "record":
        keys = [_key(each.wire) for each in records[shape.record].fields]
        more = [f"…+{len(keys) - 8}"] if len(keys) > 8 else []
        return f"{{{', '.join(keys[:8] + more)}}}"
    if shape.kind == "list":
        return f"list[{_result(shape.members[0], records)}]"
    if shape.kind == "union":
        parts = [_result(member, records) for member in shape.members if member != NONE]
        none = ["None"] if NONE in shape.members else []
        return " | ".join(dict.fromkeys(parts + none)) if len(parts) <= 3 else "Any"
    return _compact(shape, records)


def _key(wire: str) -> str:
    return cut(wire, 40) if wire.isidentifier() and wire.isascii() else literal(cut(wire, 40))
