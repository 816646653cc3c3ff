"""The calls of a run's earlier attempts, given to the attempt that repeats them.

A call is recognised by what it is (tool and arguments), not by when it comes: scripts call from several threads. Equal
calls are given in the order in which they were made.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable

from codegen.errors import DivergedError
from codegen.journal.record import CallRecord, Sent
from codegen.runtime.wording import call_line

QUIET_S = 5.0
"""How long a call that was not made before waits for those that were: other threads of the script may be about to
make them. A script with one thread is held by it, so that nothing comes any more: it has diverged."""

_HARMLESS = frozenset({"refused", "planned"})
"""States of a call that never left, which a script need not make again."""


class Replay:
    """Of a first attempt it is empty, and every call is new at once."""

    def __init__(self, recorded: Iterable[CallRecord] = (), quiet: float = QUIET_S) -> None:
        self._recorded: defaultdict[str, deque[CallRecord]] = defaultdict(deque)
        self._due: dict[int, CallRecord] = {}
        self._quiet = quiet
        self._moved = asyncio.Event()
        for call in recorded:
            self._recorded[call.identity].append(call)
            if call.state not in _HARMLESS:
                self._due[call.number] = call

    @property
    def left(self) -> tuple[CallRecord, ...]:
        """The calls that were made before and not again."""
        return tuple(self._due.values())

    def take(self, identity: str) -> CallRecord | None:
        """What is recorded of a call, once; None where there is nothing (more)."""
        known = self._recorded.get(identity)
        if not known:
            return None
        call = known.popleft()
        self._due.pop(call.number, None)
        self._moved.set()
        return call

    async def allow_new(self, call: Sent) -> None:
        """Wait until every recorded call was made again. Raises DivergedError when they don't come."""
        while self._due:
            self._moved.clear()
            try:
                async with asyncio.timeout(self._quiet):
                    await self._moved.wait()
            except TimeoutError:
                raise _diverged(call, next(iter(self._due.values()))) from None


def _diverged(now: Sent, then: CallRecord) -> DivergedError:
    return DivergedError(
        f"the script made another call than before: {call_line(now)}\n"
        f"  in the place of call {then.number}, {then.state}: {call_line(then)}",
        hint="nothing more was applied; a value that changes (time, random) belongs into step(name, make)",
    )
