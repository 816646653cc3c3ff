"""A server whose writes can be counted from outside: each one applied is a line in the file LEDGER.

`get` reads, `post` writes (a second time, again), `put` writes and may be repeated, `erase` destroys. Where FAULT is set
to "before:KEY" or "after:KEY", the server dies once, before or after it applies the write of that key; the file
FAULT_DONE says that it did.
"""

from __future__ import annotations

import os
import signal
from typing import Any

from jsonrpc import Server, result, text

KEY = {"type": "object", "properties": {"key": {"type": "string"}}, "required": ["key"]}
HINTS: dict[str, dict[str, bool]] = {
    "get": {"readOnlyHint": True},
    "post": {"readOnlyHint": False, "destructiveHint": False},
    "put": {"readOnlyHint": False, "destructiveHint": False, "idempotentHint": True},
    "erase": {"readOnlyHint": False, "destructiveHint": True},
}


def die_once(phase: str, key: str) -> None:
    done = os.environ.get("FAULT_DONE", "")
    if os.environ.get("FAULT") == f"{phase}:{key}" and not os.path.exists(done):
        open(done, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)


def call_tool(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    key = arguments["key"]
    if name == "get":
        return result(text(f"value of {key}"))
    die_once("before", key)
    with open(os.environ["LEDGER"], "a", encoding="utf-8") as ledger:
        ledger.write(f"{name} {key}\n")
    die_once("after", key)
    return result(text(f"{name} {key}"))


if __name__ == "__main__":
    tools = [{"name": name, "inputSchema": KEY, "annotations": hints} for name, hints in HINTS.items()]
    Server("ledger", [tools], call_tool).run()
