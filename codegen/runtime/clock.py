"""A run's time limit, which stands still while a person is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType


class Clock:
    """Enter it in the task that it is to end, by TimeoutError, after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._limit = asyncio.timeout(None)
        self._left = seconds
        self._stopped = 0

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()
        self._go()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._limit.__aexit__(kind, error, trace)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Time that doesn't count; may overlap with other such time."""
        if not self._stopped:
            self._left = (self._limit.when() or 0.0) - asyncio.get_running_loop().time()
            self._limit.reschedule(None)
        self._stopped += 1
        try:
            yield
        finally:
            self._stopped -= 1
            if not self._stopped:
                self._go()

    def _go(self) -> None:
        if not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time() + self._left)
