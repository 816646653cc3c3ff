"""A started run, seen from the broker: two descriptors, one for what its keeper reports, one for the keeper itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Iterator

from codegen.sandbox.backend import ExecResult
from codegen.sandbox.cgroup import Group
from codegen.sandbox.inside.zygote import FIRST
from codegen.sandbox.verdict import KILLED, by_limit, not_built, read_verdict

_LONGEST = 4096


class ReportedProcess:
    """Reads the keeper's end of `report`, a SOCK_SEQPACKET pair: its pidfd, then its verdict, then the end.

    The keeper ends the run when our end is shut. `popen` is the command of another sandbox that the run comes up in, a
    session of its own: ours to end until the keeper has reported, and to reap; its stderr tells why nothing came up.
    `group` is the control group that the run is in, where it is in one.
    """

    def __init__(
        self, report: socket.socket, popen: subprocess.Popen[bytes] | None = None, group: Group | None = None
    ) -> None:
        report.setblocking(False)  # noqa: FBT003  # it takes no keyword
        self._report = report
        self._popen = popen
        self._group = group
        self._command = os.pidfd_open(popen.pid) if popen else -1
        self._pidfd = -1
        self._alone = False
        self._verdict: ExecResult | None = None
        self._result: ExecResult | None = None

    @property
    def result(self) -> ExecResult | None:
        for _ in self._waits():
            return None
        return self._result

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self._report.shutdown(socket.SHUT_WR)
        self._listen()
        if self._alone and self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        elif self._popen is not None and self._popen.returncode is None:
            # All of it: until it has come up its processes are not bound to each other yet.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._popen.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> ExecResult:
        end = None if timeout is None else time.monotonic() + timeout
        for descriptor in self._waits():
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            left = None if end is None else max(0.0, end - time.monotonic()) * 1000
            if not poll.poll(left):
                raise TimeoutError(f"the run has not ended within {timeout} s")
        assert self._result is not None
        return self._result

    async def ended(self) -> ExecResult:
        for descriptor in self._waits():
            await readable(descriptor)
        assert self._result is not None
        return self._result

    def _waits(self) -> Iterator[int]:
        """What to wait for next, again and again until the result is there."""
        while self._result is None:
            if not self._listen():
                yield self._report.fileno()
            elif living := [one for one in (self._pidfd, self._command) if one >= 0 and not _is_over(one)]:
                yield living[0]
            else:
                self._close()

    def _listen(self) -> bool:
        """Take what was reported; whether that was all."""
        while self._report.fileno() >= 0:
            try:
                said, descriptors, *_ = socket.recv_fds(self._report, _LONGEST, 1)
            except BlockingIOError:
                return False
            except ConnectionError:
                return True
            if descriptors:
                self._pidfd, self._alone = descriptors[0], said == FIRST
            elif said:
                self._verdict = read_verdict(said.decode(errors="replace"))
            else:
                return True
        return True

    def _close(self) -> None:
        came_up = self._pidfd >= 0
        self._close_pidfds()
        self._report.close()
        failure = None
        if self._popen is not None:
            code, said = self._popen.wait(), _last_words(self._popen)
            failure = None if came_up or code < 0 else not_built(said or f"its command ended with {code}")
        self._result = self._verdict or failure or KILLED
        if self._group is not None:
            if self._group.ran_out_of_memory and self._result.code != 0:
                self._result = by_limit("memory")
            self._group.remove()

    def _close_pidfds(self) -> None:
        for descriptor in (self._pidfd, self._command):
            if descriptor >= 0:
                os.close(descriptor)
        self._pidfd = self._command = -1

    def __del__(self) -> None:
        self._close_pidfds()


def _last_words(popen: subprocess.Popen[bytes]) -> str:
    """The last line on the stderr of a command that has ended, with all that could hold it."""
    if popen.stderr is None:
        return ""
    with popen.stderr as stream:
        lines = stream.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _is_over(pidfd: int) -> bool:
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))


def _settle(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)


async def readable(descriptor: int) -> None:
    """Wait for it, on a copy: an event loop knows one reader for each descriptor, and several may wait."""
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()
    own = os.dup(descriptor)
    try:
        loop.add_reader(own, _settle, over)
        await over
    finally:
        loop.remove_reader(own)
        os.close(own)
