"""A server whose tools are the lines of the file TOOLS_FILE, and which says so whenever the file changes."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from jsonrpc import Server, echo

FILE = Path(os.environ["TOOLS_FILE"])
TOOLS: list[dict[str, object]] = []


def read() -> None:
    TOOLS[:] = [{"name": name, "inputSchema": {"type": "object"}} for name in FILE.read_text().split()]


def follow() -> None:
    known = FILE.stat().st_mtime_ns
    while True:
        time.sleep(0.05)
        if FILE.stat().st_mtime_ns != known:
            known = FILE.stat().st_mtime_ns
            read()
            server.notify("notifications/tools/list_changed")


server = Server("followed", [TOOLS], echo)

if __name__ == "__main__":
    read()
    threading.Thread(target=follow, daemon=True).start()
    server.run()
