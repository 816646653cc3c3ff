"""A function of the calling program, as a tool of server `local`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from codegen.errors import CodegenError
from codegen.model import Json, JsonObject, JsonSchema


@dataclass(frozen=True, slots=True)
class LocalTool:
    """`wire` is what an MCP server would list; `call` gives what it would answer as structured content.

    `call` raises ToolFailedError with the message that the script gets; any other exception is its function's own.
    """

    name: str
    wire: JsonObject = field(hash=False)
    call: Callable[[JsonObject], Awaitable[Json]]


def wrapped(schema: JsonSchema) -> JsonObject:
    """An output schema as MCP wants it, an object: the value is under `result`, the definitions at the root."""
    inner = {word: each for word, each in schema.items() if word != "$defs"}
    outer: JsonObject = {"type": "object", "properties": {"result": inner}, "required": ["result"]}
    return {**outer, **({"$defs": schema["$defs"]} if "$defs" in schema else {}), "x-fastmcp-wrap-result": True}


async def answer(tools: Mapping[str, LocalTool], body: JsonObject) -> JsonObject:
    """The answer to the broker's {"id", "tool", "arguments"}: whatever the function does, the run goes on."""
    number, name, arguments = body.get("id"), str(body.get("tool")), body.get("arguments")
    tool = tools.get(name)
    if tool is None or not isinstance(arguments, dict):
        return {"id": number, "error": f"this program has no function {name!r}"}
    try:
        return {"id": number, "value": await tool.call(arguments)}
    except CodegenError as error:
        return {"id": number, "error": str(error)}
    except Exception as error:  # noqa: BLE001 - a user's function: its failure is the script's to deal with
        said = str(error)
        return {"id": number, "error": f"{type(error).__name__}: {said}" if said else type(error).__name__}
