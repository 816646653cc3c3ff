"""What is tried again when a connection failed: calls of which it is known that this does no harm."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from codegen.errors import LostError, ToolFailedError, UnreachableError
from codegen.generate.literals import one_line
from codegen.runtime.definition import Definition

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0

_Result = TypeVar("_Result")


async def insist(
    tool: Definition,
    make: Callable[[], Awaitable[_Result]],
    again: Callable[[ToolFailedError], None],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> _Result:
    """Open a tool's server or call it, and after a failed connection as often again as codegen.toml says.

    The pauses grow. `again` hears of each failure right before the next attempt, and may raise to prevent it. What a
    server answered, an error too, is never asked for again. Raises ToolFailedError.
    """
    for attempt in range(tool.retries):
        try:
            return await make()
        except (LostError, UnreachableError) as error:
            if not may_repeat(tool, error):
                raise
            await sleep(min(FIRST_PAUSE_S * 2.0**attempt, LONGEST_PAUSE_S))
            again(error)
    return await make()


def may_repeat(tool: Definition, error: ToolFailedError) -> bool:
    """Whether a call can safely be made again, and whether that may help.

    One that never left always can; one whose outcome is unknown only where twice is the same as once.
    """
    if isinstance(error, UnreachableError):
        # Where mcp.json is wrong, or the server took too long, there is no failed connection behind it.
        return error.__cause__ is not None and error.__cause__.__cause__ is not None
    return tool.policy.reads or tool.policy.idempotent


def tried_again(why: str, failures: list[ToolFailedError]) -> str:
    """What is recorded of a call beside `why`, once it was tried again."""
    if not failures:
        return why
    said = f"tried again after: {one_line(str(failures[-1]), 200)}"
    return f"{why}; {said}" if why else said
