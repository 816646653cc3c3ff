"""A person at the terminal is asked for approvals, while the run stands still."""

from __future__ import annotations

import select
import sys

from codegen.cli import output
from codegen.cli.person import person
from codegen.runtime.wording import asked_lines, source_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from codegen.model import Json, JsonObject
    from codegen.runtime.wire import Connection

QUESTION = "approve? [y]es  [n]o  [a]ll calls of this tool in this run  (Ctrl-C: decide later) "


def converse(connection: Connection, first: JsonObject, source: str) -> JsonObject | None:
    """Ask for each call that waits until the run has ended, and give its last message. Decisions may come elsewhere."""
    asks: list[JsonObject] = []
    shown: Json = None
    message: JsonObject | None = first
    while message is not None and "done" not in message and "error" not in message:
        _hear(message, asks)
        if asks and asks[0]["number"] != shown:
            shown = asks[0]["number"]
            output.remark(_shown(asks[0], source))
        message = _next(connection, asks)
    return message


def _hear(message: JsonObject, asks: list[JsonObject]) -> None:
    call, settled = message.get("ask"), message.get("settled")
    if isinstance(call, dict):
        asks.append(call)
    elif asks and settled == asks[0]["number"]:
        output.remark("(decided elsewhere)")
    elif "note" in message:
        output.remark(str(message["note"]))
    asks[:] = [each for each in asks if each["number"] != settled]


def _next(connection: Connection, asks: list[JsonObject]) -> JsonObject | None:
    """The next message; answers of the person are sent meanwhile."""
    while True:
        ready, _, _ = select.select([connection, *([sys.stdin] if asks else [])], [], [])
        if connection in ready:
            return connection.receive()
        line = sys.stdin.readline()
        if not line:
            raise KeyboardInterrupt  # nobody is there any more
        word = line.strip().lower()[:1]
        if word not in {"y", "n", "a"}:
            output.remark(QUESTION)
            continue
        call = asks.pop(0)
        connection.send(
            {
                "decide": {
                    "run": call["run"], "call": call["number"], "allow": word != "n", "like": word == "a",
                    "by": person(), "reason": line.strip()[1:].strip() if word == "n" else "",
                }
            }
        )  # fmt: skip
        return {"answered": call["number"]}


def _shown(call: JsonObject, source: str) -> str:
    line = source_line(call, source)
    return f"\nThis call needs an approval:\n{asked_lines(call)}\n{f'    > {line}' + chr(10) if line else ''}{QUESTION}"
