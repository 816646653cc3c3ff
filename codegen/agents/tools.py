"""The tools that a model gets, whoever drives it: one definition each, at most 700 tokens in all.

Models of a program (`TOOLS`) may say that a script's value is the answer. Clients of the MCP face (`SERVED`) may also
keep a script as a skill, see what it would write, and ask for the end of a run that waited for a person.
"""

from __future__ import annotations

from codegen.model import JsonObject

_TEXTS: JsonObject = {"type": "array", "items": {"type": "string"}}
_SCRIPT: JsonObject = {"type": "string", "description": "the whole script"}


def _tool(name: str, description: str, required: tuple[str, ...], /, **properties: JsonObject) -> JsonObject:
    schema: JsonObject = {"type": "object", "properties": {**properties}, "required": [*required]}
    return {"name": name, "description": description, "input_schema": schema}


def _run(*required: str, **more: JsonObject) -> JsonObject:
    return _tool(
        "run",
        "Check and run a Python script in a sandbox without network. `from servers.SERVER import TOOL` gives functions "
        "with keyword arguments, `from skills.NAME import NAME` a skill; `from servers import gather, step`: "
        'gather(lambda: a(x=1), …) makes calls side by side, step("now", time.time) keeps a value for a resumed run. '
        "main() is called for you; what it prints and, as JSON, what it returns comes back. Write one script for the "
        "whole task: loops, filters and comparisons belong into it. Files go to data/. A wrong name or argument is "
        "refused before anything happens.",
        required,
        code=_SCRIPT,
        **more,
    )


SEARCH = _tool(
    "search",
    "Find tools and saved skills by what they do. Ask for everything at once: one query for each thing the task needs. "
    "Each hit is a line that a script can call as it stands; [w] marks what writes.",
    ("queries",),
    queries={**_TEXTS, "description": 'such as ["weather of a city", "send a message"]'},
)

DESCRIBE = _tool(
    "describe",
    "Parameters, result types and text of tools (server.tool), skills (skills.name), or all tools of a server "
    "(server). Only needed where a hit of search doesn't say enough.",
    ("names",),
    names=_TEXTS,
)

SAVE_SKILL = _tool(
    "save_skill",
    "Keep a script, as it ran successfully, for later runs. It needs a typed main() with a docstring.",
    ("code", "name"),
    code=_SCRIPT,
    name={"type": "string"},
)

_IS_ANSWER = "true when what main() returns is the answer: on success nothing more is asked of you"
_DRY_RUN = "list what it would write, and write nothing"
_RESUME = "in the place of code: the id of a run that waited for a person"

TOOLS = (SEARCH, DESCRIBE, _run("code", final={"type": "boolean", "description": _IS_ANSWER}))

SERVED = (
    SEARCH,
    DESCRIBE,
    _run(dry_run={"type": "boolean", "description": _DRY_RUN}, resume={"type": "string", "description": _RESUME}),
    SAVE_SKILL,
)
