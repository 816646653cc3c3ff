"""The four tools of the MCP face, over one workspace.

Their definitions stand in every request of a client's model: a test holds what they cost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, cast

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations

from codegen.config.paths import Workspace
from codegen.errors import CodegenError
from codegen.model import JsonObject
from codegen.runtime.dialogue import command
from codegen.search.answer import render
from codegen.search.describe import described
from codegen.search.find import find
from codegen.server.approvals import answered, ask, can_ask, required
from codegen.server.words import words_of

T = TypeVar("T")

READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
RUNS = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=True)
KEEPS = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)


class Tools:
    """The tools of one workspace; their docstrings are what a model reads."""

    def __init__(self, place: Workspace) -> None:
        self._place = place

    def add_to(self, server: MCPServer[Any]) -> None:
        for tool, hints in ((self.search, READS), (self.describe, READS), (self.run, RUNS), (self.save_skill, KEEPS)):
            words = " ".join((tool.__doc__ or "").split())
            server.add_tool(tool, description=words, annotations=hints, structured_output=False)

    async def search(self, queries: list[str], k: int = 5) -> str:
        """Find tools and saved skills: several queries at once, one for each thing to do. Gives signatures ready to
        call; [w] marks what writes."""
        answers = await self._off_loop(partial(find, k=k), self._place, queries)
        return "\n".join(render(answers, detail="sig"))

    async def describe(self, names: list[str]) -> str:
        """Types and full text of tools ("server.tool"), skills ("skills.name") or a server's list ("server")."""
        root, index = self._place.root, self._place.index
        return "\n\n".join([await self._off_loop(described, root, index, name) for name in names])

    async def run(
        self,
        code: str,
        ctx: Context[Any, Any],
        dry_run: bool = False,  # noqa: FBT001  # an argument of the wire
    ) -> CallToolResult | InputRequiredResult:
        """Run a Python script over the tools, in a sandbox: you get what it prints, and what its main() returns as
        JSON. `from servers.SERVER import TOOL` gives functions with keyword arguments, `from skills.NAME import NAME` a
        skill, `from servers import gather, step`: gather(lambda: a(x=1), …) makes calls side by side, step("now",
        time.time) keeps a value for a resumed run. Files go to data/. dry_run lists writes and makes none."""
        state = ctx.request_state
        if state:
            await answered(self._place, state, ctx.input_responses or {})
            envelope = await self._go({"resume": {"run": state, "follows": True}}, ctx)
        else:
            mode = "dry-run" if dry_run else "normal"
            request: JsonObject = {"source": code, "file": "<run>", "mode": mode, "follows": True}
            envelope = await self._go({"run": request}, ctx)
        while envelope["state"] == "waiting" and can_ask(ctx):
            if (later := required(ctx, envelope)) is not None:
                return later
            if not await ask(self._place, ctx, envelope):
                break
            envelope = await self._go({"resume": {"run": envelope["id"], "follows": True}}, ctx)
        return CallToolResult(
            content=[TextContent(type="text", text=words_of(envelope))], is_error=envelope["success"] is not True
        )

    async def save_skill(self, code: str, name: str) -> str:
        """Keep a script, as it ran successfully, for later runs. It needs a typed main() with a docstring."""
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

        try:
            done = await command(self._place.root, message, heard)
        except CodegenError as error:
            raise ToolError(str(error)) from None
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
            raise ToolError(str(error)) from None
