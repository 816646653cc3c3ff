"""The Messages API as the model: the whole conversation before the newest message is read from its cache."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from codegen.agents.loop import Model, Reply, converse
from codegen.agents.prices import cost_of
from codegen.agents.task import Answer, Task, Usage
from codegen.agents.workbench import Workbench
from codegen.errors import ModelError
from codegen.extras import install
from codegen.model import JsonObject

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic.types import Message

MODEL = "claude-sonnet-5-5"
MAX_TOKENS = 16_000
"""Of one reply: a long script is 4,000."""

_CACHED: JsonObject = {"cache_control": {"type": "ephemeral"}}
_KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")


def is_available() -> bool:
    """Whether the package is installed and a key is set."""
    return find_spec("anthropic") is not None and any(os.environ.get(key) for key in _KEYS)


async def work(task: Task, bench: Workbench) -> Answer:
    """Do a task. ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL and ANTHROPIC_MODEL are respected. Raises ModelError."""
    try:
        import anthropic
    except ImportError:
        raise ModelError("the backend anthropic needs its package", hint=install("agents")) from None
    name = task.model or os.environ.get("ANTHROPIC_MODEL") or MODEL
    try:
        async with anthropic.AsyncAnthropic() as client:
            return await converse(messages_model(client, name, bench.ears.say), task, bench)
    except anthropic.AnthropicError as error:
        raise ModelError(f"the Messages API: {error}", hint=_hint(error)) from error


def messages_model(client: AsyncAnthropic, name: str, say: Callable[[str], None] | None) -> Model:
    """A model of the Messages API; with `say`, which hears each piece of text, replies are streamed."""

    async def ask(messages: list[JsonObject], tools: tuple[JsonObject, ...]) -> Reply:
        system, *rest = messages
        # The SDK's own types of a request are TypedDicts of the same shape.
        request = cast(
            "dict[str, Any]",
            {
                "model": name,
                "max_tokens": MAX_TOKENS,
                "system": [{"type": "text", "text": system["content"], **_CACHED}],
                "tools": list(tools),
                "messages": [*rest[:-1], _marked(rest[-1])],
            },
        )
        try:
            message = await _message(client, request, say)
        except TypeError as error:  # what the SDK raises where it finds no key
            raise ModelError(f"the Messages API: {error}", hint="set ANTHROPIC_API_KEY") from error
        return _reply(message, name)

    return ask


async def _message(client: AsyncAnthropic, request: dict[str, Any], say: Callable[[str], None] | None) -> Message:
    if say is None:
        message: Message = await client.messages.create(**request)
        return message
    async with client.messages.stream(**request) as stream:
        async for piece in stream.text_stream:
            say(piece)
        return await stream.get_final_message()


def _marked(message: JsonObject) -> JsonObject:
    """The newest message, up to which the next request finds all in the cache."""
    content = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    assert isinstance(blocks, list)
    last = blocks[-1]
    assert isinstance(last, dict)
    return {**message, "content": [*blocks[:-1], {**last, **_CACHED}]}


def _reply(message: Message, name: str) -> Reply:
    said = message.usage
    usage = Usage(
        said.input_tokens, said.output_tokens, said.cache_read_input_tokens or 0, said.cache_creation_input_tokens or 0
    )
    content = tuple(block.model_dump(mode="json", exclude_unset=True) for block in message.content)
    return Reply(content, usage, cost_of(usage, name, "anthropic"))


def _hint(error: Exception) -> str:
    return "set ANTHROPIC_API_KEY" if "api_key" in str(error) or "authentication" in str(error).lower() else ""
