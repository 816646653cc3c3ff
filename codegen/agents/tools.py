"""The three tools that a model gets, whoever drives it: at most 700 tokens in all."""

from __future__ import annotations

from codegen.model import JsonObject

_TEXTS: JsonObject = {"type": "array", "items": {"type": "string"}}

SEARCH: JsonObject = {
    "name": "search",
    "description": "Find tools and saved skills by what they do. Ask for everything at once: one query for each thing "
    "the task needs. Each hit is a line that a script can call as it stands.",
    "input_schema": {
        "type": "object",
        "properties": {"queries": {**_TEXTS, "description": 'such as ["weather of a city", "send a message"]'}},
        "required": ["queries"],
    },
}

DESCRIBE: JsonObject = {
    "name": "describe",
    "description": "Parameters, result types and text of tools (server.tool), skills (skills.name), or all tools of a "
    "server (server). Only needed where a hit of search doesn't say enough.",
    "input_schema": {"type": "object", "properties": {"names": _TEXTS}, "required": ["names"]},
}

RUN: JsonObject = {
    "name": "run",
    "description": "Check and run a Python script in a sandbox without network. It imports tools as "
    "`from servers.SERVER import TOOL`, calls them with keyword arguments, and works on their results itself. "
    "main() is called for you; what it prints and, as JSON, what it returns comes back. Write one script for the whole "
    "task: loops, filters and comparisons belong into it. A wrong name or argument is refused before anything happens.",
    "input_schema": {
        "type": "object",
        "properties": {"code": {"type": "string", "description": "the whole script"}},
        "required": ["code"],
    },
}

TOOLS: tuple[JsonObject, ...] = (SEARCH, DESCRIBE, RUN)

_FINAL: JsonObject = {
    "type": "boolean",
    "description": "true when what main() returns is the answer: on success nothing more is asked of you",
}


def with_final(tools: tuple[JsonObject, ...]) -> tuple[JsonObject, ...]:
    """The tools for a program that takes a script's value as its answer: that saves the last turn."""
    return tuple(_final(tool) if tool["name"] == "run" else tool for tool in tools)


def _final(tool: JsonObject) -> JsonObject:
    schema = tool["input_schema"]
    assert isinstance(schema, dict)
    properties = schema["properties"]
    assert isinstance(properties, dict)
    return {**tool, "input_schema": {**schema, "properties": {**properties, "final": _FINAL}}}
