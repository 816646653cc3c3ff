"""Calls that are made again when their connection failed: those of which it is known that this does no harm."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from codegen.catalogue.source import CallResult
from codegen.errors import LostError, ToolFailedError, UnreachableError
from codegen.runtime.definition import Definition

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0

Sleep = Callable[[float], Awaitable[None]]


async def insist(
    tool: Definition,
    send: Callable[[], Awaitable[CallResult]],
    again: Callable[[ToolFailedError], None],
    sleep: Sleep = asyncio.sleep,
) -> CallResult:
    """Send a call, and after a failed connection as often again as codegen.toml says, after longer and longer pauses.

    `again` hears of each failure before the next attempt. What a server answered, an error too, is never asked for
    again. Raises ToolFailedError.
    """
    for attempt in range(tool.retries):
        try:
            return await send()
        except (LostError, UnreachableError) as error:
            if not may_repeat(tool, error):
                raise
            again(error)
        await sleep(pause(attempt))
    return await send()


def may_repeat(tool: Definition, error: ToolFailedError) -> bool:
    """Whether a call can safely be made again, and whether that may help.

    One that never left always can; one whose outcome is unknown only where twice is the same as once.
    """
    if isinstance(error, UnreachableError):
        return _may_help(error)
    return tool.policy.reads or tool.policy.idempotent


def pause(attempt: int) -> float:
    """Seconds after an attempt, counted from 0."""
    return min(FIRST_PAUSE_S * 2.0**attempt, LONGEST_PAUSE_S)


def _may_help(error: UnreachableError) -> bool:
    """Whether the connection failed: what is wrong in mcp.json, or took too long, has no such cause and will again."""
    return error.__cause__ is not None and error.__cause__.__cause__ is not None
