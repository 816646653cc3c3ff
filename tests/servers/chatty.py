"""A server that prints lines that are no messages: a banner, words, half a message, and JSON of another kind."""

from __future__ import annotations

import sys
from typing import Any

from jsonrpc import Server, echo

CHATTER = ["Listening…", "", "[1, 2]", '{"jsonrpc": "2.0"', '{"level": "info", "id": 7.5}', '{"level": "info", "id": 1}', "null", "\ufeff"]


def chat(_method: str) -> None:
    sys.stdout.buffer.write(("\n".join(CHATTER) + "\n").encode() + b"\xff\xfe\n")
    sys.stdout.buffer.flush()


def call_tool(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    chat(name)
    return echo(name, arguments)


if __name__ == "__main__":
    chat("start")
    Server("chatty", [[{"name": "say", "inputSchema": {"type": "object"}}]], call_tool, received=chat).run()
