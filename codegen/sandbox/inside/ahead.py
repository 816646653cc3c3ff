"""Imports ahead in the fork server, while nobody asks for a run.

The standard library's modules are simply imported. Others are tried first, each in a child that may fail in any way:
raise, exit, crash, start threads or processes (no fork takes those along), or never return. What came through there is
imported here; what didn't is left to the scripts that want it. A run that is asked for meanwhile waits for no trial.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` would cost each cold start 2 ms
import os
import select
import sys
import time

from codegen.sandbox.linux import privileges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

TIME_LIMIT_S = 30.0
"""Of one module's trial."""

PATIENCE_MS = 300
"""After the first run was asked for: while it starts, which is slow enough, it has the processors."""

_KILL = 9
_FINE = b"fine"
_WITH_THREADS = "it starts threads, which no fork takes along"
_LONGEST = 2000


class Ahead:
    """What is still to be imported. `control` is where runs are asked for, not read here; trials join `children`."""

    def __init__(self, control: int, children: set[int], known: Iterable[str], others: Iterable[str]) -> None:
        self._control = control
        self._children = children
        self._known = iter(known)
        self._others = iter(others)
        self._trial: Trial | None = None
        self._patience_ms = PATIENCE_MS

    def go_on(self) -> bool:
        """Import until somebody asks, or nothing is left; whether anything was imported."""
        some = False
        if self._children and self._patience_ms:
            _is_ready(self._control, self._patience_ms)
            self._patience_ms = 0
        while not _is_ready(self._control) and (name := next(self._known, "") or self._tried()):
            take(name)
            some = True
        return some

    def _tried(self) -> str:
        """The next module that came through its trial; nothing when somebody asks before that, or none is left."""
        while self._trial or (name := next(self._others, "")):
            self._trial = self._trial or Trial(name, self._control, self._children)
            why = self._trial.wait(self._control)
            if why is None:
                return ""
            name, self._trial = self._trial.name, None
            if not why:
                return name
            say(name, why)
        return ""


class Trial:
    """One module's import in a child of its own, with all that it starts in its process group."""

    def __init__(self, name: str, control: int, children: set[int]) -> None:
        self.name = name
        self._end = time.monotonic() + TIME_LIMIT_S
        self._said, tell = os.pipe()
        _signal.pthread_sigmask(_signal.SIG_BLOCK, {_signal.SIGCHLD})  # who is no child yet is taken for a stray
        self._pid = os.fork()
        if not self._pid:
            os.close(control)
            _try(name, tell)
        children.add(self._pid)
        _signal.pthread_sigmask(_signal.SIG_UNBLOCK, {_signal.SIGCHLD})
        os.close(tell)

    def wait(self, control: int) -> str | None:
        """Why the module is left out, nothing if it is fine; None when a run is asked for before that is known."""
        poll = select.poll()
        for descriptor in (control, self._said):
            poll.register(descriptor, select.POLLIN)
        ready = dict(poll.poll(max(0.0, self._end - time.monotonic()) * 1000))
        if control in ready:
            return None
        said = os.read(self._said, _LONGEST) if self._said in ready else b""
        self._over()
        if said == _FINE:
            return ""
        return said.decode(errors="replace") or ("it ended its process" if ready else f"it took {TIME_LIMIT_S:g} s")

    def _over(self) -> None:
        os.close(self._said)
        try:
            os.killpg(self._pid, _KILL)
        except ProcessLookupError:
            return


def take(name: str) -> None:
    """Import a module for all runs to come. One that starts threads after all makes this process useless: it ends."""
    before = _threads()
    try:
        __import__(name)
    except BaseException as error:  # noqa: BLE001  # a module that can't be imported will tell the script that needs it
        say(name, f"it raised {error!r}")
    if _threads() > before:
        say(name, _WITH_THREADS)
        os._exit(1)


def say(name: str, why: str) -> None:
    """A line in the broker's log."""
    sys.stderr.write(f"codegen: {name} is not imported ahead: {' '.join(why.split())}\n")
    sys.stderr.flush()


def _try(name: str, tell: int) -> NoReturn:
    try:
        _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
        _signal.pthread_sigmask(_signal.SIG_UNBLOCK, {_signal.SIGCHLD})
        os.setsid()
        privileges.die_with_parent(_KILL)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what it complains of is said once, by the import that counts
        try:
            __import__(name)
            why = _WITH_THREADS if _threads() > 1 else _children()  # a fork begins with one
        except BaseException as error:  # noqa: BLE001  # whatever it does is the answer
            why = f"it raised {error!r}"
        os.write(tell, why.encode(errors="replace")[:_LONGEST] or _FINE)
    finally:
        os._exit(0)


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))


def _children() -> str:
    try:
        return "" if os.waitpid(-1, os.WNOHANG)[0] else "it starts processes, which no fork takes along"
    except ChildProcessError:
        return ""


def _is_ready(descriptor: int, within_ms: int = 0) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(within_ms))
