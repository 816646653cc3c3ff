"""What the calls of one run may take of the broker, which other runs need too: who takes more is read from later."""

from __future__ import annotations

import asyncio
import time

PARALLEL_CALLS = 64
"""Calls under way at once."""

BYTES_UNDER_WAY = 64 << 20
"""Bytes of requests that wait for their answer. One message is always let in."""

MESSAGES_PER_SECOND = 2_000
"""On average over a window; an honest script gets an answer before it asks again, and stays far below."""

_WINDOW_S = 0.25


class Room:
    """Asked before a message is worked on, and told when it was answered. Nothing is refused: the script waits."""

    def __init__(self) -> None:
        self._calls = self._bytes = self._messages = 0
        self._since = time.monotonic()
        self._left = asyncio.Event()

    async def enter(self, size: int) -> None:
        """Wait until a message of this many bytes has its turn."""
        await self._keep_pace()
        while self._calls >= PARALLEL_CALLS or (self._calls and self._bytes + size > BYTES_UNDER_WAY):
            self._left.clear()
            await self._left.wait()
        self._calls += 1
        self._bytes += size

    def leave(self, size: int) -> None:
        self._calls -= 1
        self._bytes -= size
        self._left.set()

    async def _keep_pace(self) -> None:
        self._messages += 1
        spent = time.monotonic() - self._since
        if spent >= _WINDOW_S:
            self._messages, self._since = 1, time.monotonic()
        elif self._messages > MESSAGES_PER_SECOND * _WINDOW_S:
            await asyncio.sleep(_WINDOW_S - spent)
