"""A server whose tools grow: `late` comes right after the handshake, and each call of `grow` adds one more."""

from __future__ import annotations

from typing import Any

from jsonrpc import Server, echo

TOOLS: list[dict[str, Any]] = [{"name": "grow", "inputSchema": {"type": "object"}}]


def grow(name: str) -> None:
    TOOLS.append({"name": name, "inputSchema": {"type": "object"}})
    server.notify("notifications/tools/list_changed")


class Growing(Server):
    def _page(self, cursor: str | None) -> dict[str, Any]:
        page = super()._page(cursor)
        if len(TOOLS) == 1:
            page = {"tools": page["tools"][:]}
            grow("late")  # the change is told before the page that lacks it
        return page


def call_tool(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if name == "grow":
        grow(f"tool_{len(TOOLS)}")
    return echo(name, arguments)


server = Growing("changing", [TOOLS], call_tool)

if __name__ == "__main__":
    server.run()
