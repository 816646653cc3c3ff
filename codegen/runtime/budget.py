"""What a run has taken of the limits in codegen.toml: as a whole, and of each tool that has limits of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from codegen.catalogue.source import MISSING, CallResult
from codegen.config.limits import MOST_PARALLEL, Limits
from codegen.errors import CodegenError, LimitError
from codegen.journal.record import CallRecord, Sent
from codegen.model import Json, JsonObject
from codegen.runtime.definition import Definition

LEFT = frozenset({"sent", "answered", "failed", "unknown"})
"""States of a call that was sent."""

_written = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode
_AT_ONCE: AbstractAsyncContextManager[None] = nullcontext()


class Budget:
    """One run's. A call takes from it before it leaves, and once more when it was answered."""

    def __init__(self, limits: Limits) -> None:
        self._run = _Purse(limits, "a run", "[limits] ")
        self._alone = (self._run,)
        self._tools: dict[tuple[str, str], _Purse] = {}

    def take(self, tool: Definition, call: Sent | CallRecord) -> None:
        """Count a call that is to leave. Raises LimitError, and then it doesn't count."""
        purses, size = self._purses(tool, call), arguments_size(call.arguments)
        writes = 0 if tool.policy.reads else 1
        for purse in purses:
            purse.check(writes, size)
        for purse in purses:
            purse.take(writes, size)

    def spend(self, tool: Definition, call: Sent | CallRecord, size: int, seconds: float) -> None:
        """Count what its answer added, which is never refused: the call was made."""
        for purse in self._purses(tool, call):
            purse.bytes += size
            purse.seconds += seconds

    def turn(self, tool: Definition, call: Sent) -> AbstractAsyncContextManager[object]:
        """Held while a call is under way: who enters waits while as many are as may be."""
        if tool.limits is None:
            return self._run.turn or _AT_ONCE
        turns = [purse.turn for purse in self._purses(tool, call) if purse.turn is not None]
        if not turns:
            return _AT_ONCE
        return turns[0] if len(turns) == 1 else _both(*turns)

    def recall(self, made: Iterable[CallRecord], find: Callable[[str, str], Definition]) -> None:
        """Count what earlier attempts of the run took, whatever the limits are now."""
        for call in made:
            if not call.server or call.state not in LEFT:
                continue
            try:
                tool = find(call.server, call.tool)
            except CodegenError:
                continue  # it is gone, and with it what is said of it
            size = arguments_size(call.arguments) + size_of(call.answer)
            for purse in self._purses(tool, call):
                purse.take(0 if tool.policy.reads else 1, size)
                purse.seconds += call.seconds or 0.0

    def _purses(self, tool: Definition, call: Sent | CallRecord) -> tuple[_Purse, ...]:
        if tool.limits is None:
            return self._alone
        key = call.server, call.tool
        purse = self._tools.get(key)
        if purse is None:
            place = f"[servers.{call.server}.tools.{call.tool}] limits."
            purse = self._tools[key] = _Purse(tool.limits, f"{tool.path} in a run", place)
        return purse, self._run


def arguments_size(arguments: JsonObject) -> int:
    """About as many bytes as they have as JSON, and quick for the few short ones that most calls have."""
    return sum([len(name) + size_of(value) for name, value in arguments.items()])


def size_of(value: Json) -> int:
    if isinstance(value, str):
        return len(value)
    return len(_written(value)) if isinstance(value, list | dict) else 8


def answer_size(result: CallResult) -> int:
    """About as many bytes as it came in, without writing it out again where it has the usual texts."""
    texts = [text for block in result.content if isinstance(text := block.get("text") or block.get("data"), str)]
    return sum(map(len, texts)) if texts or result.structured is MISSING else size_of(result.structured)


class _Purse:
    """What was taken of some limits; `place` is where in codegen.toml they stand."""

    def __init__(self, limits: Limits, whose: str, place: str) -> None:
        self.calls = self.writes = self.bytes = 0
        self.seconds = 0.0
        self.turn = asyncio.Semaphore(int(limits.parallel)) if limits.parallel < MOST_PARALLEL else None
        self._limits = limits
        self._whose = whose
        self._place = place

    def check(self, writes: int, size: int) -> None:
        limits = self._limits
        if self.calls >= limits.calls:
            raise self._reached("calls", limits.calls)
        if writes and self.writes >= limits.writes:
            raise self._reached("writes", limits.writes)
        if self.bytes + size > limits.bytes:
            raise self._reached("bytes", limits.bytes)
        if self.seconds >= limits.seconds:
            raise self._reached("seconds", limits.seconds)

    def take(self, writes: int, size: int) -> None:
        self.calls += 1
        self.writes += writes
        self.bytes += size

    def _reached(self, name: str, limit: float) -> LimitError:
        what = f"the limit of {limit:,} {name} for {self._whose} is reached (nothing was sent)"
        return LimitError(what, hint=f"it can be changed in codegen.toml: {self._place}{name} = {limit}")


@asynccontextmanager
async def _both(
    first: AbstractAsyncContextManager[object], second: AbstractAsyncContextManager[object]
) -> AsyncIterator[None]:
    async with first, second:
        yield
