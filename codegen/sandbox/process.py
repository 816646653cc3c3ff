"""A started run, seen from the broker."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import subprocess


class Process:
    """A run from its start to the death of its last process."""

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self._popen = popen

    @property
    def pid(self) -> int:
        """The launcher, which outlives every process of the run; killing it, by any signal, ends them all."""
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """Exit status, or minus the signal, or None while it runs; see `ending`."""
        return self._popen.poll()

    def kill(self) -> None:
        """End every process of the run; idempotent. They are gone once `wait` returned."""
        if self._popen.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._popen.pid, signal.SIGTERM)

    def wait(self, timeout: float | None = None) -> int:
        """Block until it ended; raises subprocess.TimeoutExpired."""
        if timeout is None:
            return self._popen.wait()
        if self._popen.poll() is None:
            _wait_for(self._popen.pid, timeout)
        return self._popen.wait(0)

    async def ended(self) -> int:
        """Wait without blocking the event loop; may be cancelled, which leaves the run alone."""
        if self._popen.poll() is None:
            await _readable_pidfd(self._popen.pid)
        return self._popen.wait()


def _wait_for(pid: int, seconds: float) -> None:
    """Popen.wait itself looks again only after growing naps, which doubled the time of a short run."""
    descriptor = os.pidfd_open(pid)
    try:
        ended = select.poll()
        ended.register(descriptor, select.POLLIN)
        ended.poll(seconds * 1000)
    finally:
        os.close(descriptor)


def _settle(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)


async def _readable_pidfd(pid: int) -> None:
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()
    descriptor = os.pidfd_open(pid)
    try:
        loop.add_reader(descriptor, _settle, over)
        await over
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
