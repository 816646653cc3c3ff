"""A server whose one tool declares no result and gives back what it is given, as text: JSON where it is no string."""

from __future__ import annotations

import json
from typing import Any

from jsonrpc import Server, result, text


def call_tool(_name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    value = arguments["value"]
    return result(text(value if isinstance(value, str) else json.dumps(value)))


if __name__ == "__main__":
    schema = {"type": "object", "properties": {"value": {}}, "required": ["value"]}
    Server("shapes", [[{"name": "answer", "inputSchema": schema}]], call_tool).run()
