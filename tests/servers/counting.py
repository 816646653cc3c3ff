"""A server for counting messages and for benchmarks.

TOOLS (default 3) tools `tool_0`… that echo, and `slow`, which sleeps DELAY_MS milliseconds (default 50). Where
COUNT_FILE is set, each received method name is appended to it, one a line.
"""

from __future__ import annotations

import os
import time
from typing import Any

from jsonrpc import Server, result, text

ARGUMENTS = {
    "type": "object",
    "properties": {
        "value": {"type": "integer", "description": "A number to give back"},
        "note": {"type": "string", "description": "Ignored"},
    },
    "required": ["value"],
}
ANSWER = {
    "type": "object",
    "properties": {"tool": {"type": "string"}, "value": {"type": "integer"}},
    "required": ["tool", "value"],
}


def tool(name: str, description: str) -> dict[str, Any]:
    hints = {"readOnlyHint": True}
    return {
        "name": name,
        "description": description,
        "inputSchema": ARGUMENTS,
        "outputSchema": ANSWER,
        "annotations": hints,
    }


def call_tool(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if name == "slow":
        time.sleep(int(os.environ.get("DELAY_MS", "50")) / 1000)
    answer = {"tool": name, "value": arguments["value"]}
    return result(text(str(answer["value"])), structured=answer)


def count(method: str) -> None:
    if path := os.environ.get("COUNT_FILE"):
        with open(path, "a", encoding="utf-8") as file:
            file.write(method + "\n")


if __name__ == "__main__":
    echoes = [tool(f"tool_{number}", f"Echo number {number}.") for number in range(int(os.environ.get("TOOLS", "3")))]
    tools = [tool("slow", "Echo after a delay."), *echoes]
    pages = [tools[start : start + 100] for start in range(0, len(tools), 100)]
    Server("counting", pages, call_tool, received=count).run()
