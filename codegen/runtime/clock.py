"""A run's time limit, which stands still while a person is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """`limit` is the scope that ends by TimeoutError: enter it in the task that it is to end."""

    def __init__(self, seconds: float) -> None:
        self.limit = asyncio.timeout(seconds)
        self._left = 0.0
        self._stopped = 0

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Time that doesn't count; may overlap."""
        now = asyncio.get_running_loop().time
        if not self._stopped:
            self._left = (self.limit.when() or now()) - now()
            self.limit.reschedule(None)
        self._stopped += 1
        try:
            yield
        finally:
            self._stopped -= 1
            if not self._stopped and not self.limit.expired():
                self.limit.reschedule(now() + self._left)
