"""A server that shakes hands and then never answers tools/list. With MUTE=1 it answers nothing at all."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from jsonrpc import Server, echo


def wait(method: str) -> None:
    if method == "tools/list" or os.environ.get("MUTE"):
        print(f"waiting in {method}", file=sys.stderr, flush=True)
        sys.stdin.buffer.read()
        threading.Event().wait(60)


def call_tool(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return echo(name, arguments)


if __name__ == "__main__":
    Server("slow", [], call_tool, received=wait).run()
