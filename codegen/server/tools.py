"""The four tools of the MCP face, over one workspace: what they do. What a model reads of them is in agents.tools."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar, cast

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations

from codegen.agents.told import as_data, describe_text, for_models, run_text, search_text
from codegen.agents.tools import SERVED
from codegen.config.paths import Workspace
from codegen.errors import CodegenError
from codegen.model import JsonObject
from codegen.runtime.dialogue import command
from codegen.server.approvals import answered, ask, can_ask, required

T = TypeVar("T")

READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
RUNS = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=True)
KEEPS = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
HINTS = {"search": READS, "describe": READS, "run": RUNS, "save_skill": KEEPS}


class Tools:
    """The tools of one workspace, each a method of its name."""

    def __init__(self, place: Workspace) -> None:
        self._place = place

    def listed(self) -> list[Tool]:
        """Them, as a server offers them."""
        return [self._tool(str(definition["name"]), definition) for definition in SERVED]

    def _tool(self, name: str, definition: JsonObject) -> Tool:
        said = str(definition["description"])
        tool = Tool.from_function(
            getattr(self, name), description=said, annotations=HINTS[name], structured_output=False
        )
        return tool.model_copy(update={"parameters": definition["input_schema"]})

    async def search(self, queries: list[str]) -> str:
        return as_data(await self._off_loop(search_text, self._place, queries))

    async def describe(self, names: list[str]) -> str:
        return as_data(await self._off_loop(describe_text, self._place, names))

    async def run(
        self,
        ctx: Context[Any, Any],
        code: str = "",
        dry_run: bool = False,  # noqa: FBT001  # an argument of the wire
        resume: str = "",
    ) -> CallToolResult | InputRequiredResult:
        """Run a script, or go on with one that waited, until it has ended or nobody decides what it waits for."""
        state = ctx.request_state
        is_decided = not state or await answered(self._place, state, ctx.input_responses or {})
        if again := state or resume:
            message: JsonObject = {"resume": {"run": again}}
        elif code.strip():
            message = {"run": {"source": code, "file": "<run>", "mode": "dry-run" if dry_run else "normal"}}
        else:
            raise ToolError("run needs `code`: the whole script as one text")
        envelope = await self._go(message, ctx)
        while envelope["state"] == "waiting" and is_decided and can_ask(ctx):
            if (later := required(ctx, envelope)) is not None:
                return later
            is_decided = await ask(self._place, ctx, envelope)
            envelope = await self._go({"resume": {"run": envelope["id"]}}, ctx)
        text = run_text(envelope, _how_to_decide(str(envelope["id"])))
        return CallToolResult(content=[TextContent(type="text", text=text)], is_error=envelope["success"] is not True)

    async def save_skill(self, code: str, name: str) -> str:
        return await self._off_loop(self._saved, code, name)

    async def _go(self, message: JsonObject, ctx: Context[Any, Any]) -> JsonObject:
        """Have the broker run it, with a progress notification for each call."""
        count = 0

        async def heard(said: JsonObject) -> None:
            nonlocal count
            call = said.get("called")
            if isinstance(call, dict):
                count += 1
                text = f"{call['server']}.{call['tool']}: {call['outcome']} in {call['seconds']} s"
                await ctx.report_progress(count, message=text)

        followed: JsonObject = {word: {**cast("JsonObject", body), "follows": True} for word, body in message.items()}
        try:
            done = await command(self._place.root, followed, heard)
        except CodegenError as error:
            raise ToolError(for_models(str(error))) from None
        return cast("JsonObject", done["done"])

    def _saved(self, code: str, name: str) -> str:
        from codegen.skills.keep import keep
        from codegen.skills.proven import prove

        admitted, saved = keep(self._place, prove(self._place, code, "the script", "<run>"), name)
        return f"{saved.outcome}: from skills.{admitted.entry} import {admitted.entry}\n{admitted.signature}"

    async def _off_loop(self, work: Callable[..., T], *arguments: object) -> T:
        try:
            return await asyncio.to_thread(work, *arguments)
        except CodegenError as error:
            raise ToolError(for_models(str(error))) from None


def _how_to_decide(run: str) -> str:
    return (
        f"does so in a terminal, in the workspace: `codegen approve {run}` or `codegen reject {run}`. Tell them, and "
        f'stop. Once they have decided, run with resume="{run}" gives the answer.'
    )
