"""How a call is shown to people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from codegen.generate.literals import one_line
from codegen.journal.record import CallRecord, Sent
from codegen.model import JsonObject

WIDTH = 300
"""Characters of a call in a message; a person who is asked sees all of it."""


def call_line(call: Sent | CallRecord, width: int = WIDTH) -> str:
    """`shop.delete_order(order_id=3) at scripts/a.py:12`; a step as `step("now")`."""
    if not call.server:
        return f"step({json.dumps(call.tool, ensure_ascii=False)})"
    said = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in call.arguments.items())
    place = f" at {call.at}" if call.at else ""
    return one_line(f"{call.server}.{call.tool}({said})", width) + place


def asked_lines(call: JsonObject) -> str:
    """A call that somebody has to decide, with every argument whole, and why he is asked."""
    lines = [f"  {call['number']}  {call['server']}.{call['tool']}" + (f"   {call['at']}" if call["at"] else "")]
    arguments = call["arguments"]
    for name, value in arguments.items() if isinstance(arguments, dict) else ():
        lines.append(f"       {one_line(name)} = {_visible(json.dumps(value, ensure_ascii=False))}")
    if call["why"]:
        lines.append(f"     because {one_line(str(call['why']), WIDTH)}")
    return "\n".join(lines)


def asked_list(calls: Iterable[JsonObject]) -> Iterator[str]:
    """Calls that somebody has to decide; of equal ones the first, and the numbers of the others."""
    alike: dict[str, list[JsonObject]] = {}
    for call in calls:
        alike.setdefault(json.dumps({**call, "number": 0}), []).append(call)
    for first, *others in alike.values():
        yield asked_lines(first)
        if others:
            numbers = [str(call["number"]) for call in others]
            shown = numbers if len(numbers) <= 5 else [*numbers[:3], "…", numbers[-1]]
            yield f"     and {len(others)} more times the same: {', '.join(shown)}"


def source_line(call: JsonObject, source: str) -> str:
    """The line of the script that makes a call; empty where it stands in another file."""
    place, _, number = str(call["at"]).rpartition(":")
    lines = source.splitlines()
    is_there = place.startswith(("<", "scripts/")) or not place.startswith("skills/")
    return lines[int(number) - 1].strip() if is_there and number.isdecimal() and 0 < int(number) <= len(lines) else ""


def _visible(text: str) -> str:
    """Nothing of it is hidden: what a terminal would not show, or obey, is escaped."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def asked(run: str, call: Sent | CallRecord, why: str) -> JsonObject:
    """A call that somebody has to decide, as commands and envelopes carry it: nothing is left out."""
    return {
        "run": run,
        "number": call.number,
        "server": call.server,
        "tool": call.tool,
        "arguments": call.arguments,
        "at": call.at,
        "why": why,
    }
