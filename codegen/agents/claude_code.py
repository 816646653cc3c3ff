"""Claude Code, driven through its SDK: a session, and what is heard of it step by step.

`pursue` lets it work in a workspace with its own tools; claude_model.py takes it as the model of a program.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from codegen.agents.task import Usage
from codegen.errors import ModelError
from codegen.extras import install

if TYPE_CHECKING:
    from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient, Message, ResultMessage

TOOLS = ("Bash", "Read", "Write", "Edit", "Skill")
"""Of Claude Code's own tools: to look, to write a script, to run it."""

LONGEST_COMMAND_MS = 3_600_000
"""How long a command may take: a person may be asked meanwhile. A run has its own time limit."""

_LOGIN = (
    "apiKeyHelper", "awsAuthRefresh", "awsCredentialExport", "forceLoginGatewayUrl", "forceLoginMethod",
    "forceLoginOrgUUID", "gcpAuthRefresh", "model", "modelOverrides", "proxyAuthHelper",
)  # fmt: skip
"""Of the user's own settings: how a model is reached, and which. `env` is too (Bedrock, Vertex, gateways, proxies)."""


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
    """The end: the answer, or why there is none. `denied` are tools that needed a permission and got none; `cost_usd`
    is the session's until then."""

    text: str
    success: bool
    why: str
    turns: int
    cost_usd: float | None
    session: str
    denied: tuple[str, ...]
    usage: Usage = field(default_factory=Usage)


Step = Said | Used | Came | Final


async def pursue(root: Path, order: Order, environment: Mapping[str, str]) -> AsyncIterator[Step]:
    """Have Claude Code do something in a workspace; the last step is a `Final`.

    Closing the iterator ends Claude Code, and with it the commands that it runs. `environment` is added to this
    process's. Raises ModelError: it isn't there, or it ended without an answer.
    """
    require_sdk()
    from claude_agent_sdk import ClaudeAgentOptions

    longest = str(LONGEST_COMMAND_MS)
    options = ClaudeAgentOptions(
        cwd=root,
        system_prompt={"type": "preset", "preset": "claude_code"},
        setting_sources=["project", "local"],
        tools=[*TOOLS],
        strict_mcp_config=True,  # tools are reached through the workspace, not beside it
        model=order.model,
        max_turns=order.max_turns,
        max_budget_usd=order.max_cost_usd,
        env={"BASH_DEFAULT_TIMEOUT_MS": longest, "BASH_MAX_TIMEOUT_MS": longest, **environment},
    )
    async with session(options) as client:
        async for step in heard(client, order.text):
            yield step


def require_sdk() -> None:
    """Raises ModelError where the SDK isn't installed."""
    if find_spec("claude_agent_sdk") is None:
        raise ModelError("claude-agent-sdk isn't installed", hint=install("agents"))


@asynccontextmanager
async def session(options: ClaudeAgentOptions) -> AsyncIterator[ClaudeSDKClient]:
    """A session, with the user's way to a model whichever settings `options` have it read. Raises ModelError."""
    import claude_agent_sdk as sdk

    login, variables = _login()
    try:
        with _written(login) as file:
            whole = replace(options, settings=file, env={**variables, **options.env})
            async with sdk.ClaudeSDKClient(whole) as client:
                yield client
    except sdk.ClaudeSDKError as error:
        raise ModelError(f"Claude Code ended: {error}", hint="codegen doctor says what may be in its way") from error


def _login() -> tuple[dict[str, Any], dict[str, str]]:
    """How the user reaches a model: what the settings in their home say of it, and the variables that they set.

    Tokens are among the variables, so these are not handed over on a command line, which others can see.
    """
    folder = Path(os.environ.get("CLAUDE_CONFIG_DIR") or Path.home() / ".claude")
    try:
        said = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}, {}
    said = said if isinstance(said, dict) else {}
    variables = said.get("env")
    variables = variables if isinstance(variables, dict) else {}
    return {key: said[key] for key in _LOGIN if key in said}, {name: str(value) for name, value in variables.items()}


@contextmanager
def _written(settings: Mapping[str, Any]) -> Iterator[str | None]:
    """A file of this session with settings, None where there are none.

    Given as text they would be seen on the command line, and Claude Code keeps them in a file that sessions share and
    the first to end removes: the others' Bash sandbox doesn't start then.
    """
    if not settings:
        yield None
        return
    with NamedTemporaryFile("w", prefix="codegen-", suffix=".json") as file:
        json.dump(settings, file)
        file.flush()
        yield file.name


async def heard(client: ClaudeSDKClient, words: str) -> AsyncIterator[Step]:
    """What is heard after these words, until the answer."""
    begun: dict[str, tuple[Used, float]] = {}
    await client.query(words)
    async for message in client.receive_response():
        for step in _steps(message, begun):
            yield step


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
    counted = message.usage or {}
    kinds = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    text = message.result or ""
    success = not message.is_error and message.subtype == "success"
    bound = "" if message.subtype == "success" else message.subtype.removeprefix("error_").replace("_", " ")
    return Final(
        text=text if success else "",
        success=success,
        why="" if success else bound or text,
        turns=message.num_turns,
        cost_usd=message.total_cost_usd,
        session=message.session_id,
        denied=tuple(map(str, denied)),
        usage=Usage(*(counted.get(kind) or 0 for kind in kinds)),
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
