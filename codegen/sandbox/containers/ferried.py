"""A run whose streams a ferry carries, seen from the broker. Needs nothing of Linux."""

from __future__ import annotations

import contextlib
import select
import socket
import subprocess
import time

from codegen.sandbox.backend import ExecResult
from codegen.sandbox.process import readable
from codegen.sandbox.verdict import KILLED, read_verdict

_LONGEST = 4096


class FerriedProcess:
    """Reads the ferry's end of `report`: its verdict, then the end. Our end shut, it ends the run and then itself.

    It is never killed: nobody else would remove the container.
    """

    def __init__(self, ferry: subprocess.Popen[bytes], report: socket.socket) -> None:
        report.setblocking(False)  # noqa: FBT003  # it takes no keyword
        self._ferry = ferry
        self._report = report
        self._said = b""
        self._result: ExecResult | None = None

    @property
    def result(self) -> ExecResult | None:
        self._is_over()
        return self._result

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self._report.shutdown(socket.SHUT_WR)

    def wait(self, timeout: float | None = None) -> ExecResult:
        end = None if timeout is None else time.monotonic() + timeout
        while not self._is_over():
            poll = select.poll()
            poll.register(self._report.fileno(), select.POLLIN)
            if not poll.poll(None if end is None else max(0.0, end - time.monotonic()) * 1000):
                raise TimeoutError(f"the run has not ended within {timeout} s")
        assert self._result is not None
        return self._result

    async def ended(self) -> ExecResult:
        while not self._is_over():
            await readable(self._report.fileno())
        assert self._result is not None
        return self._result

    def _is_over(self) -> bool:
        """Take what was reported; the report's end is the ferry's, which then needs only to be reaped."""
        while self._result is None:
            try:
                said = self._report.recv(_LONGEST)
            except BlockingIOError:
                return False
            except ConnectionError:
                said = b""
            self._said += said
            if not said:
                self._ferry.wait()
                self._report.close()
                self._result = read_verdict(self._said.decode(errors="replace")) if self._said else KILLED
        return True
