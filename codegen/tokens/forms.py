"""The texts by which tools reach a model when they are called one by one, as Claude Code gives them."""

from __future__ import annotations

import json

from codegen.model import Json, JsonObject, Tool


def definition_text(tool: Tool) -> str:
    """A definition in the prompt. Output schema and annotations never reach the model through MCP."""
    return _compact(
        {"name": _name(tool.server, tool.name), "description": tool.description, "input_schema": tool.input_schema}
    )


def call_text(server: str, tool: str, arguments: JsonObject) -> str:
    """What a model writes to call a tool."""
    return _compact({"name": _name(server, tool), "input": arguments})


def result_text(value: Json) -> str:
    """What a model reads of a result: a text as it is, anything else as JSON without a blank (servers send more)."""
    return value if isinstance(value, str) else _compact(value)


def _name(server: str, tool: str) -> str:
    return f"mcp__{server}__{tool}"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
