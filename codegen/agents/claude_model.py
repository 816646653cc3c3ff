"""Claude Code as the model of a program: its SDK runs the loop, and our tools are served to it from this process.

It gets none of its own tools, and of the user's and the project's settings only how a model is reached: the work is
done in scripts.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from codegen.agents.claude_code import Final, Said, heard, require_sdk, session
from codegen.agents.prompt import first_words, system_prompt
from codegen.agents.task import Answer, Task
from codegen.agents.tools import TOOLS
from codegen.agents.wanted import WrongResultError
from codegen.agents.workbench import Entry, Workbench
from codegen.model import JsonObject

if TYPE_CHECKING:
    from claude_agent_sdk import ClaudeSDKClient, SdkMcpTool

SERVER = "codegen"
RETRIES = 3
"""How often an answer of another type than wanted is given back."""


def is_available() -> bool:
    """Whether the SDK is installed, and Claude Code too: by its own program, in which somebody has logged in."""
    return find_spec("claude_agent_sdk") is not None and bool(shutil.which("claude"))


async def work(task: Task, bench: Workbench) -> Answer:
    """Do a task. Raises ModelError."""
    require_sdk()
    from claude_agent_sdk import ClaudeAgentOptions, create_sdk_mcp_server

    served = _Served(task, bench)
    options = ClaudeAgentOptions(
        system_prompt=system_prompt(bench.place),
        tools=[],
        mcp_servers={SERVER: create_sdk_mcp_server(SERVER, tools=[served.tool(each) for each in TOOLS])},
        allowed_tools=[f"mcp__{SERVER}__{tool['name']}" for tool in TOOLS],
        setting_sources=[],
        model=task.model,
        max_turns=task.max_turns,
        max_budget_usd=task.max_cost,
        cwd=bench.place.root,
        env={"ENABLE_TOOL_SEARCH": "false"},  # three tools: searching for them would cost a turn
    )
    async with session(options) as client:
        return await _talk(client, task, bench, served)


async def _talk(client: ClaudeSDKClient, task: Task, bench: Workbench, served: _Served) -> Answer:
    words = first_words(task, bench)
    answer = Answer(problem="Claude Code gave no answer")
    for _ in range(RETRIES):
        end = await _end(client, words, bench, served)
        if end is not None:
            answer = Answer(None, "", answer.turns + end.turns, answer.usage + end.usage, end.cost_usd)
        if served.is_done:
            return replace(answer, output=served.output, problem="")
        if end is None or not end.success:
            said = end.why if end else "it ended without a word"
            return replace(answer, problem=f"Claude Code: {said}")
        try:
            return replace(answer, output=bench.last_words(end.text, task.wanted))
        except WrongResultError as error:
            words = str(error)
    return replace(answer, problem=f"there was no answer of the wanted type: {words}")


async def _end(client: ClaudeSDKClient, words: str, bench: Workbench, served: _Served) -> Final | None:
    """The end of a response; None where a script's value was the answer, which ends it."""
    async for step in heard(client, words):
        if isinstance(step, Said):
            bench.note(Entry("say", step.text))
            if bench.ears.say is not None:
                bench.ears.say(step.text)
        elif isinstance(step, Final):
            return step
        if served.is_done:
            return None
    return None


class _Served:
    """The three tools as an MCP server within this process, and the answer that a script gave."""

    def __init__(self, task: Task, bench: Workbench) -> None:
        self.is_done = False
        self.output: object = None
        self._task = task
        self._bench = bench

    def tool(self, tool: JsonObject) -> SdkMcpTool[Any]:
        from claude_agent_sdk import SdkMcpTool

        name = str(tool["name"])

        async def use(given: JsonObject) -> dict[str, Any]:
            text, is_error = await self._used(name, given)
            return {"content": [{"type": "text", "text": text}], "is_error": is_error}

        return SdkMcpTool(name, str(tool["description"]), cast("dict[str, Any]", tool["input_schema"]), use)

    async def _used(self, name: str, given: JsonObject) -> tuple[str, bool]:
        said = await self._bench.use(name, given)
        if said.run is None or not said.run.succeeded or given.get("final") is not True:
            return said.text, said.is_error
        try:
            self.output, self.is_done = self._bench.value_of(said.run, self._task.wanted), True
        except WrongResultError as error:
            return f"{said.text}\n{error}", True
        return "That is the answer.", False
