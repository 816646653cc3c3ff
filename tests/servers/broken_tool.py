"""A server with good tools among ones that no client can use, and ones that strict clients refuse."""

from __future__ import annotations

from typing import Any

from jsonrpc import Server, echo

OBJECT = {"type": "object"}
TOOLS: list[Any] = [
    {"name": "first", "inputSchema": OBJECT},
    "a text",
    None,
    {"inputSchema": OBJECT},
    {"name": 5, "inputSchema": OBJECT},
    {"name": ["list"], "inputSchema": OBJECT},
    {"name": "", "inputSchema": OBJECT},
    {"name": "no_schema"},
    {"name": "null_schema", "inputSchema": None},
    {"name": "text_schema", "inputSchema": "object"},
    {"name": "typeless", "inputSchema": {}, "x-unknown": {"kept": [1, None]}, "icons": "wrong"},
    {"name": "odd", "inputSchema": {"type": ["object"], "$ref": 4}, "outputSchema": [], "annotations": "x"},
    {"name": "first", "inputSchema": {"type": "object", "title": "again"}},
    {"name": "last", "description": 3, "inputSchema": OBJECT},
]

if __name__ == "__main__":
    Server("broken", [TOOLS], echo).run()
