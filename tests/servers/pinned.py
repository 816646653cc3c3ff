"""A server whose tools are what the JSON file TOOLS_FILE holds at each tools/list, and of which LIST=fails has no list.

Each received method name is appended to COUNT_FILE. `announce` has it tell that the list changed.
"""

from __future__ import annotations

import json
import os
from typing import Any

from jsonrpc import METHOD_NOT_FOUND, RpcError, Server, echo


class Listing(Server):
    def _page(self, cursor: str | None) -> dict[str, Any]:
        if os.environ.get("LIST") == "fails":
            raise RpcError(METHOD_NOT_FOUND, "no list here")
        with open(os.environ["TOOLS_FILE"], encoding="utf-8") as file:
            return {"tools": json.load(file)}


def call_tool(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if name == "announce":
        server.notify("notifications/tools/list_changed")
    return echo(name, arguments)


def count(method: str) -> None:
    with open(os.environ["COUNT_FILE"], "a", encoding="utf-8") as file:
        file.write(method + "\n")


server = Listing("pinned", [], call_tool, received=count)

if __name__ == "__main__":
    server.run()
