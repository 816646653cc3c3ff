"""The tools of a pydantic-ai Agent, its toolsets' too: called here, with its deps, as its own run would call them."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from codegen.agents.local_tool import LocalTool, wrapped
from codegen.errors import ArgumentsError, ToolFailedError
from codegen.model import Json, JsonObject

if TYPE_CHECKING:
    from pydantic_ai import AbstractToolset, RunContext
    from pydantic_ai.agent import AbstractAgent
    from pydantic_ai.toolsets import ToolsetTool


def is_agent(value: object) -> bool:
    """Whether it is an Agent: nobody can have one without having imported pydantic-ai."""
    module = sys.modules.get("pydantic_ai.agent")
    return module is not None and isinstance(value, module.AbstractAgent)


@asynccontextmanager
async def agent_tools(agent: AbstractAgent[Any, Any], deps: object, task: str) -> AsyncIterator[list[LocalTool]]:
    """Its tools, for as long as its toolsets are open. One that only another program can call is left out."""
    from pydantic_ai import RunContext
    from pydantic_ai.toolsets import CombinedToolset
    from pydantic_ai.usage import RunUsage

    model: Any = agent.model  # a tool that asks for it finds what the agent has: a model, a name, None
    context = RunContext(deps=deps, model=model, usage=RunUsage(), prompt=task)
    toolset = await CombinedToolset(list(agent.toolsets)).for_run(context)
    async with toolset:
        listed = await toolset.get_tools(context)
        yield [_tool(name, tool, toolset, context) for name, tool in listed.items() if tool.tool_def.kind != "external"]


def _tool(name: str, tool: ToolsetTool[Any], toolset: AbstractToolset[Any], context: RunContext[Any]) -> LocalTool:
    said = tool.tool_def
    wire: JsonObject = {
        "name": name,
        "description": said.description or "",
        "inputSchema": said.parameters_json_schema,
        **({"outputSchema": wrapped(said.return_schema)} if said.return_schema else {}),
        **({"annotations": {"destructiveHint": True}} if said.kind == "unapproved" else {}),
    }

    async def call(arguments: JsonObject) -> Json:
        here = replace(context, tool_name=name, tool_call_approved=said.kind == "unapproved")
        value = await _called(toolset, tool, arguments, here)
        return {"result": value} if said.return_schema else value

    return LocalTool(name, wire, call)


async def _called(
    toolset: AbstractToolset[Any], tool: ToolsetTool[Any], arguments: JsonObject, context: RunContext[Any]
) -> Json:
    from pydantic import ValidationError
    from pydantic_ai import ModelRetry, ToolReturn
    from pydantic_ai.exceptions import ApprovalRequired, CallDeferred, ToolFailed
    from pydantic_core import to_jsonable_python

    try:
        checked = tool.args_validator.validate_python(arguments)
    except ValidationError as error:
        raise ArgumentsError("; ".join(f"{each['loc']}: {each['msg']}" for each in error.errors()[:5])) from None
    try:
        value = await toolset.call_tool(context.tool_name or "", checked, context, tool)
    except (ModelRetry, ToolFailed) as error:
        raise ToolFailedError(str(error)) from error
    except (ApprovalRequired, CallDeferred):
        raise ToolFailedError("it wants its agent's own run for this call, which a script has not") from None
    result: Json = to_jsonable_python(value.return_value if isinstance(value, ToolReturn) else value, by_alias=True)
    return result
