"""Any function `(messages, tools) -> reply` as the model: for other models, and for tests, which need none."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from codegen.agents.loop import Model, Reply
from codegen.agents.task import Usage
from codegen.errors import UsageError
from codegen.model import JsonObject

CallableModel = Callable[[list[JsonObject], Sequence[JsonObject]], Any]
"""Sync or async. It gets the conversation so far and the tools' definitions, and gives a text (the answer), a list of
content blocks, or {"content": …, "usage": {"input_tokens": …, "output_tokens": …}, "cost": dollars}."""


def callable_model(function: CallableModel) -> Model:
    """The function as a model. A sync one runs in a thread: it may wait for a network as long as it likes."""

    async def ask(messages: list[JsonObject], tools: tuple[JsonObject, ...]) -> Reply:
        said = await asyncio.to_thread(function, [*messages], tools)
        return _reply(await said if inspect.isawaitable(said) else said)

    return ask


def _reply(said: Any) -> Reply:
    whole = said if isinstance(said, dict) and "content" in said else {"content": said}
    content = whole["content"]
    blocks = [content] if isinstance(content, str | dict) else content
    if not isinstance(blocks, list | tuple):
        raise UsageError(f"the backend gave {type(said).__name__}", hint="expected a text or a list of content blocks")
    cost = whole.get("cost")
    return Reply(tuple(_blocks(blocks)), _usage(whole.get("usage")), float(cost) if cost is not None else None)


def _blocks(blocks: Sequence[Any]) -> Iterator[JsonObject]:
    for number, block in enumerate(blocks):
        if isinstance(block, str):
            yield {"type": "text", "text": block}
        elif isinstance(block, dict) and isinstance(block.get("type"), str):
            yield {"id": f"call_{number}", **block} if block["type"] == "tool_use" else block
        else:
            raise UsageError(f"the backend gave a block {block!r:.200}", hint='expected {"type": "text", "text": …}')


def _usage(said: object) -> Usage:
    said = said if isinstance(said, dict) else {}
    counts = dict.fromkeys(("input", "output"), 0)
    for name in counts:
        with suppress(TypeError, ValueError):
            counts[name] = int(said.get(f"{name}_tokens", 0))
    return Usage(**counts)
