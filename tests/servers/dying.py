"""A server that ends without a word to its caller when `die` is called; `stay` echoes, `wait` never answers."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from jsonrpc import Server, echo

TOOLS = [{"name": name, "inputSchema": {"type": "object"}} for name in ("die", "stay", "wait")]


def call_tool(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if name == "die":
        print("out of memory, they say", file=sys.stderr, flush=True)
        os._exit(7)
    if name == "wait":
        threading.Event().wait()
    return echo(name, arguments)


if __name__ == "__main__":
    Server("dying", [TOOLS], call_tool).run()
