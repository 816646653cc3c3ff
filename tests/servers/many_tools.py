"""A server with N made-up tools of the usual size, about 930 characters each: python many_tools.py N."""

from __future__ import annotations

import json
import sys

AREAS = ("calendar", "crm", "invoice", "issue", "repo", "storage", "metric", "user", "deploy", "chat")
VERBS = ("list", "get", "create", "update", "delete", "search", "export", "archive", "assign", "comment")
PAGE = 200


def definition(number: int) -> dict:
    area, verb = AREAS[number % 10], VERBS[number // 10 % 10]
    reads = verb in {"list", "get", "search", "export"}
    properties = {
        "id": {"type": "string", "description": f"Identifier of the {area} record (uuid)"},
        "query": {"type": "string", "description": "Free-text filter, supports AND/OR and quotes"},
        "status": {"type": "string", "enum": ["open", "closed", "all"], "default": "open", "description": "Which records"},
        "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50, "description": "Page size"},
        "cursor": {"type": "string", "description": "Cursor of the page to take"},
        "fields": {"type": "array", "items": {"type": "string"}, "description": "Fields to return; all when absent"},
    }
    return {
        "name": f"{area}_{verb}_{number:03d}",
        "title": f"{verb.title()} {area}",
        "description": f"{verb.title()} {area} records in the workspace number {number}. Use it when the user asks to "
        f"{verb} one or more {area} entries. Results are paginated; pass the cursor of the previous page to go on. "
        f"Requires the {area}:{'read' if reads else 'write'} scope.",
        "inputSchema": {"type": "object", "properties": properties, "required": ["id"]},
        "annotations": {"readOnlyHint": reads},
    }


def answer(method: str, given: dict, tools: list[dict]) -> dict:
    if method == "initialize":
        info = {"name": "many", "version": "1"}
        version = given.get("protocolVersion", "2025-11-25")
        return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}
    if method == "tools/list":
        start = int(given.get("cursor") or 0)
        more = {"nextCursor": str(start + PAGE)} if start + PAGE < len(tools) else {}
        return {"tools": tools[start : start + PAGE], **more}
    if method == "tools/call":
        return {"content": [{"type": "text", "text": f"called {given['name']} {json.dumps(given.get('arguments'))}"}]}
    return {}


def main() -> None:
    tools = [definition(number) for number in range(int(sys.argv[1]))]
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message:
            result = answer(message["method"], message.get("params") or {}, tools)
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)


main()
