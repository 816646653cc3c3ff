"""A tool in one line, for search hits, READMEs and error messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from codegen.generate.budget import is_english, tokens, within
from codegen.generate.literals import cut, literal, one_line
from codegen.generate.parameters import Parameters
from codegen.generate.shapes import ANY, NONE, Record, Shape
from codegen.model import Effect, Tool

MOST_PARAMETERS = 10
LONGEST_LINE = 39
"""Tokens of a README's line without its list mark and code span; with them 45, and one to spare."""
LEAST_SUMMARY = 10
"""Tokens that parameters leave to the summary."""
_KEYS = re.compile(r"\{[^{}]*\}")
_DICTS = re.compile(r"\bdict(?: \| dict)+")
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
    names: tuple[str, ...]

    @property
    def line(self) -> str:
        """`github.create_issue(owner: str, labels?: list[str]) -> {number, url}  # Open an issue [w]`."""
        summary = cut(self.summary, 100).removesuffix(".")
        return f"{self.call} -> {self.returns}  # {summary}{_MARKS[self.effect]}"

    @property
    def brief(self) -> str:
        """`create_issue(owner, labels?) -> {number, url}  Open an issue. [w]`: a README's line, of bounded cost.

        What is too long is cut from the summary first, then from the parameters, the result, and the name.
        """
        mark, names = _MARKS[self.effect], ", ".join(self.names)
        returns = "" if self.returns == "Any" else f" -> {self.returns}"
        english = is_english(self.summary)
        cost = partial(tokens, english=english)
        whole = f"{self.function}({names}){returns}  {self.summary}{mark}"
        if cost(whole) < LONGEST_LINE:  # as most are; its parts alone are at most one more
            return whole
        left = LONGEST_LINE - cost(f"{self.function}(){mark}")
        listed, spoken = cost(names), cost(self.summary)
        if listed + cost(returns) + spoken <= left:
            return whole
        function = within(self.function, LONGEST_LINE - 8, english=english)
        left = left if function == self.function else LONGEST_LINE - cost(f"{function}(){mark}")
        left -= min(spoken, LEAST_SUMMARY)
        returns = _shorter(returns, left - min(listed, left * 2 // 3), cost)
        head = f"{function}({_fitting(self.names, left - cost(returns), cost)}){returns}  "
        return f"{head}{within(self.summary, LONGEST_LINE - cost(head + mark), english=english)}{mark}"


def _shorter(returns: str, limit: int, cost: Callable[[str], int]) -> str:
    """A result with as many of its keys as there is room for; nothing where there is none."""
    for count in (8, 6, 4, 2):
        shown = _few_keys(returns, count)
        if cost(shown) <= limit:
            return shown
    plain = _DICTS.sub("dict", _KEYS.sub("dict", returns))
    return plain if cost(plain) <= limit else ""


def _few_keys(returns: str, count: int) -> str:
    """`{id, name, …+6}`: only the first keys of a result's objects."""

    def few(found: re.Match[str]) -> str:
        keys = found[0][1:-1].split(", ")
        more = int(keys.pop()[2:]) if keys[-1].startswith("…+") else 0
        return f"{{{', '.join(keys[:count])}, …+{len(keys) - count + more}}}" if len(keys) > count else found[0]

    return _KEYS.sub(few, returns)


def _fitting(names: Sequence[str], limit: int, cost: Callable[[str], int]) -> str:
    """As many names as there is room for, and how many more there are."""
    whole = ", ".join(names)
    if cost(whole) <= limit:
        return whole
    left = limit - 4  # the count of the others
    for at, name in enumerate(names):
        left -= cost(name) + 1
        if left < 0:
            return ", ".join((*names[:at], f"…+{len(names) - at}"))
    return whole


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
    named = [f"{p.name}{'' if p.required else '?'}" for p in parameters.each]
    named += [f"**{parameters.extra_name}"] if parameters.extra is not None else []
    rest = [f"…+{len(parameters.each) - MOST_PARAMETERS}"] if len(parameters.each) > MOST_PARAMETERS else []
    rest += [f"**{parameters.extra_name}"] if parameters.extra is not None else []
    return Signature(
        path=f"{package}.{function}",
        function=function,
        call=f"{package}.{function}({', '.join(typed_names + rest)})",
        returns=_result(typed.result, records),
        summary=one_line(summary, 200),
        effect=tool.effect,
        names=tuple(named),
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
