"""Claude Code as the model: its SDK runs the loop, and the three tools are served to it from this process.

It gets none of its own tools and none of the user's or the project's settings: the work is done in scripts.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from codegen.agents.prompt import as_data, system_prompt
from codegen.agents.task import Answer, Task, Usage
from codegen.agents.tools import TOOLS, with_final
from codegen.agents.wanted import WrongResultError
from codegen.agents.workbench import Entry, Workbench
from codegen.errors import ModelError
from codegen.model import JsonObject

if TYPE_CHECKING:
    from claude_agent_sdk import ClaudeAgentOptions, ResultMessage

SERVER = "codegen"
RETRIES = 3
"""How often an answer of another type than wanted is given back."""


def is_available() -> bool:
    """Whether the SDK is installed, and Claude Code too: by its own program, in which somebody has logged in."""
    return find_spec("claude_agent_sdk") is not None and bool(shutil.which("claude"))


async def work(task: Task, bench: Workbench) -> Answer:
    """Do a task. Raises ModelError."""
    try:
        import claude_agent_sdk as sdk
    except ImportError:
        raise ModelError(
            "the backend claude-code needs its package", hint='pip install "codegen-tools[agents]"'
        ) from None
    served = _Served(task, bench)
    answer = Answer(problem="Claude Code gave no answer")
    try:
        async with sdk.ClaudeSDKClient(_options(task, bench, served)) as client:
            answer = await _talk(client, task, bench, served)
    except sdk.ClaudeSDKError as error:
        raise ModelError(f"Claude Code: {error}") from error
    return answer


async def _talk(client: Any, task: Task, bench: Workbench, served: _Served) -> Answer:
    listed = f"Functions of this program:\n{as_data(bench.listed)}" if bench.listed else ""
    words = "\n\n".join(filter(None, (task.prompt, task.wanted.said, listed)))
    answer = Answer(problem="Claude Code gave no answer")
    for _ in range(RETRIES):
        await client.query(words)
        end = await _heard(client.receive_response(), bench, served)
        answer = _counted(end, answer)
        if served.is_done:
            return Answer(served.output, "", answer.turns, answer.usage, answer.cost)
        if end is None or end.is_error:
            said = (end.result or end.subtype) if end else "it ended without a word"
            return Answer(None, f"Claude Code: {said}", answer.turns, answer.usage, answer.cost)
        last = bench.runs[-1].output if bench.runs else None
        try:
            output = task.wanted.of_text(end.result or "", last)
        except WrongResultError as error:
            words = str(error)
            continue
        return Answer(output, "", answer.turns, answer.usage, answer.cost)
    return Answer(None, f"there was no answer of the wanted type: {words}", answer.turns, answer.usage, answer.cost)


async def _heard(messages: AsyncIterator[Any], bench: Workbench, served: _Served) -> ResultMessage | None:
    """The last message of a response; none where a script's value was the answer, which ends it."""
    from claude_agent_sdk import AssistantMessage, ResultMessage, TextBlock

    async for message in messages:
        if isinstance(message, AssistantMessage):
            for block in message.content:
                if isinstance(block, TextBlock):
                    bench.note(Entry("say", block.text))
        elif isinstance(message, ResultMessage):
            return message
        if served.is_done:
            return None
    return None


def _counted(end: ResultMessage | None, before: Answer) -> Answer:
    """Turns, tokens and cost with those of the response that ended; the SDK counts its cost for the whole session."""
    if end is None:
        return before
    said: Mapping[str, Any] = end.usage or {}
    usage = Usage(
        said.get("input_tokens") or 0,
        said.get("output_tokens") or 0,
        said.get("cache_read_input_tokens") or 0,
        said.get("cache_creation_input_tokens") or 0,
    )
    return Answer(None, "", before.turns + end.num_turns, before.usage + usage, end.total_cost_usd)


class _Served:
    """The three tools as an MCP server within this process, and the answer that a script gave."""

    def __init__(self, task: Task, bench: Workbench) -> None:
        self.is_done = False
        self.output: object = None
        self._task = task
        self._bench = bench

    def tools(self) -> list[Any]:
        from claude_agent_sdk import SdkMcpTool

        return [
            SdkMcpTool(str(tool["name"]), str(tool["description"]), _schema(tool), self._used(str(tool["name"])))
            for tool in with_final(TOOLS)
        ]

    def _used(self, name: str) -> Any:
        async def use(given: JsonObject) -> dict[str, Any]:
            said = await self._bench.use(name, given)
            text, is_error = said.text, said.is_error
            if said.run is not None and said.run.succeeded and given.get("final") is True:
                try:
                    self.output, self.is_done = self._task.wanted.of_value(said.run.output), True
                    text = "That is the answer."
                except WrongResultError as error:
                    text, is_error = f"{text}\n{error}", True
            return {"content": [{"type": "text", "text": as_data(text)}], "is_error": is_error}

        return use


def _schema(tool: JsonObject) -> JsonObject:
    schema = tool["input_schema"]
    assert isinstance(schema, dict)
    return schema


def _options(task: Task, bench: Workbench, served: _Served) -> ClaudeAgentOptions:
    from claude_agent_sdk import ClaudeAgentOptions, create_sdk_mcp_server

    return ClaudeAgentOptions(
        system_prompt=system_prompt(bench.place),
        tools=[],
        mcp_servers={SERVER: create_sdk_mcp_server(SERVER, tools=served.tools())},
        allowed_tools=[f"mcp__{SERVER}__{tool['name']}" for tool in TOOLS],
        setting_sources=[],
        model=task.model,
        max_turns=task.max_turns,
        max_budget_usd=task.max_cost,
        cwd=bench.place.root,
        env={"ENABLE_TOOL_SEARCH": "false"},  # three tools: searching for them would cost a turn
    )
