"""What the calls of one run may take of the broker, which other runs need too: who takes more is read from later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

PARALLEL_CALLS = 64
"""Calls under way at once."""

BYTES_UNDER_WAY = 64 << 20
"""Bytes of requests that wait for their answer. One message is always let in."""

MESSAGES_PER_SECOND = 2_000
"""On average over a window; an honest script gets an answer before it asks again, and stays far below."""

_WINDOW_S = 0.25


class Room:
    """Asked before a message is worked on, and told when it was answered. Nothing is refused: the script waits."""

    def __init__(self, again: Callable[[], None]) -> None:
        """`again` is called when a message that had to wait may be let in."""
        self._calls = self._bytes = self._messages = 0
        self._since = time.monotonic()
        self._again = again
        self._wanted = False

    def enter(self, size: int) -> bool:
        """Let a message of this many bytes in, if it has its turn."""
        if not self._keeps_pace():
            return False
        if self._calls >= PARALLEL_CALLS or (self._calls and self._bytes + size > BYTES_UNDER_WAY):
            self._wanted = True
            return False
        self._wanted = False
        self._messages += 1
        self._calls += 1
        self._bytes += size
        return True

    def leave(self, size: int) -> None:
        self._calls -= 1
        self._bytes -= size
        if self._wanted:
            self._wanted = False
            self._again()

    def _keeps_pace(self) -> bool:
        spent = time.monotonic() - self._since
        if spent >= _WINDOW_S:
            self._messages, self._since = 0, time.monotonic()
        elif self._messages >= MESSAGES_PER_SECOND * _WINDOW_S:
            asyncio.get_running_loop().call_later(_WINDOW_S - spent, self._again)
            return False
        return True
