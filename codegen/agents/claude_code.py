"""Claude Code, driven through its SDK in a workspace: its own system prompt, the workspace's settings, few tools."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from codegen.errors import ModelError

if TYPE_CHECKING:
    from claude_agent_sdk import ClaudeAgentOptions, Message, ResultMessage

TOOLS = ("Bash", "Read", "Write", "Edit", "Skill")
"""Of Claude Code's own tools: to look, to write a script, to run it."""

INSTALL = "pip install 'codegen-tools[agents]'"

LONGEST_COMMAND_MS = 3_600_000
"""How long a command may take: a person may be asked meanwhile. A run has its own time limit."""


@dataclass(frozen=True, slots=True)
class Order:
    """What Claude Code is asked to do, and its bounds; None leaves one to Claude Code."""

    text: str
    model: str | None = None
    max_turns: int | None = None
    max_cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What the agent says on its way."""

    text: str


@dataclass(frozen=True, slots=True)
class Used:
    """A tool of the agent begins: `what` is its command, file or skill, `content` the text that it writes."""

    tool: str
    what: str
    content: str


@dataclass(frozen=True, slots=True)
class Came:
    """What that gave, as the agent sees it, and after how long."""

    used: Used
    text: str
    failed: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Final:
    """The end: the answer, or why there is none. `denied` are tools that needed a permission and got none."""

    text: str
    success: bool
    why: str
    turns: int
    cost_usd: float | None
    session: str
    denied: tuple[str, ...]


Step = Said | Used | Came | Final


async def pursue(root: Path, order: Order, environment: Mapping[str, str]) -> AsyncIterator[Step]:
    """Have Claude Code do something in a workspace; the last step is a `Final`.

    Closing the iterator ends Claude Code, and with it the commands that it runs. `environment` is added to this
    process's. Raises ModelError: it isn't there, or it ended without an answer.
    """
    try:
        import claude_agent_sdk as sdk
    except ImportError:
        raise ModelError("claude-agent-sdk isn't installed", hint=INSTALL) from None
    begun: dict[str, tuple[Used, float]] = {}
    try:
        async with sdk.ClaudeSDKClient(_options(root, order, environment)) as client:
            await client.query(order.text)
            async for message in client.receive_response():
                for step in _steps(message, begun):
                    yield step
    except sdk.ClaudeSDKError as error:
        raise ModelError(f"Claude Code ended: {error}", hint="codegen doctor says what may be in its way") from error


def _options(root: Path, order: Order, environment: Mapping[str, str]) -> ClaudeAgentOptions:
    from claude_agent_sdk import ClaudeAgentOptions

    return ClaudeAgentOptions(
        cwd=root,
        system_prompt={"type": "preset", "preset": "claude_code"},
        setting_sources=["project", "local"],
        tools=[*TOOLS],
        strict_mcp_config=True,  # tools are reached through the workspace, not beside it
        model=order.model,
        max_turns=order.max_turns,
        max_budget_usd=order.max_cost_usd,
        env={"BASH_DEFAULT_TIMEOUT_MS": str(LONGEST_COMMAND_MS), "BASH_MAX_TIMEOUT_MS": str(LONGEST_COMMAND_MS)}
        | dict(environment),
    )


def _steps(message: Message, begun: dict[str, tuple[Used, float]]) -> list[Step]:
    """What one message of the SDK tells; `begun` are the tools that have not answered yet, by id."""
    import claude_agent_sdk as sdk

    if isinstance(message, sdk.ResultMessage):
        return [_final(message)]
    content = message.content if isinstance(message, sdk.AssistantMessage | sdk.UserMessage) else ""
    steps: list[Step] = []
    for block in content if isinstance(content, list) else []:
        if isinstance(block, sdk.TextBlock) and isinstance(message, sdk.AssistantMessage):
            steps.append(Said(block.text))
        elif isinstance(block, sdk.ToolUseBlock):
            used = _used(block.name, block.input)
            begun[block.id] = used, time.monotonic()
            steps.append(used)
        elif isinstance(block, sdk.ToolResultBlock) and block.tool_use_id in begun:
            used, start = begun.pop(block.tool_use_id)
            steps.append(Came(used, _text(block.content), block.is_error is True, time.monotonic() - start))
    return steps


def _final(message: ResultMessage) -> Final:
    denied = [each.get("tool_name", "?") for each in message.permission_denials or [] if isinstance(each, dict)]
    return Final(
        text=message.result or "",
        success=not message.is_error and message.subtype == "success",
        why="" if message.subtype == "success" else message.subtype.removeprefix("error_").replace("_", " "),
        turns=message.num_turns,
        cost_usd=message.total_cost_usd,
        session=message.session_id,
        denied=tuple(map(str, denied)),
    )


def _used(tool: str, given: Mapping[str, object]) -> Used:
    what = next((given[key] for key in ("command", "file_path", "skill") if key in given), "")
    content = given.get("content") or given.get("new_string") or ""
    return Used(tool, str(what), str(content))


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))
