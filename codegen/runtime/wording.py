"""How a call is shown to people."""

from __future__ import annotations

import json

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


def asked(run: str, call: Sent, why: str) -> JsonObject:
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
