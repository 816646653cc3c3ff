"""The rates of servers: calls wait for their turn, of all runs together and in the order in which they came."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

from codegen.config.limits import Rate


class Pace:
    """Lets at most so many calls leave in any period of a rate, the first of them at once. One server's."""

    def __init__(
        self,
        rate: Rate,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rate = rate
        self._now = now
        self._sleep = sleep
        self._left: deque[float] = deque(maxlen=rate.calls)
        self._queue = asyncio.Lock()

    async def turn(self) -> None:
        """Wait until a call may leave. One that is given up meanwhile leaves the queue, and takes nobody's place."""
        async with self._queue:
            if len(self._left) == self._rate.calls:
                wait = self._left[0] + self._rate.period - self._now()
                if wait > 0:
                    await self._sleep(wait)
            self._left.append(self._now())
