"""Imports ahead in the fork server, while nobody asks for a run.

The standard library's modules are simply imported. Others are tried first, each in a child that may fail in any way:
raise, exit, crash, start threads or processes (no fork takes those along), or never return. What came through there is
imported here; what didn't is left to the scripts that want it. A run that is asked for meanwhile waits for no trial.
"""

from __future__ import annotations

import os
import select
import sys
import time

from codegen.sandbox import privileges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

TIME_LIMIT_S = 30.0
"""Of one module's trial."""

_KILL = 9
_FINE = b"fine"
_LONGEST = 2000


class Ahead:
    """What is still to be imported. `control` is where runs are asked for; it isn't read here."""

    def __init__(self, control: int, known: Iterable[str], others: Iterable[str]) -> None:
        self._control = control
        self._known = iter(known)
        self._others = iter(others)
        self._trial: Trial | None = None

    def go_on(self) -> None:
        """Import until somebody asks, or nothing is left."""
        while not _is_ready(self._control):
            if name := next(self._known, ""):
                take(name)
                continue
            self._trial = self._trial or self._next_trial()
            if self._trial is None:
                return
            why = self._trial.wait(self._control)
            if why is None:
                return
            name, self._trial = self._trial.name, None
            if why:
                say(name, why)
            else:
                take(name)

    def _next_trial(self) -> Trial | None:
        name = next(self._others, "")
        return Trial(name, self._control) if name else None


class Trial:
    """One module's import in a child of its own, with all that it starts in its process group."""

    def __init__(self, name: str, control: int) -> None:
        self.name = name
        self._end = time.monotonic() + TIME_LIMIT_S
        self._said, tell = os.pipe()
        self._pid = os.fork()
        if not self._pid:
            os.close(control)
            _try(name, tell)
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
    try:
        __import__(name)
    except BaseException as error:  # noqa: BLE001  # a module that can't be imported will tell the script that needs it
        say(name, f"it raised {error!r}")
    if why := _left_behind():
        say(name, why)
        os._exit(1)


def say(name: str, why: str) -> None:
    """A line in the broker's log."""
    sys.stderr.write(f"codegen: {name} is not imported ahead: {' '.join(why.split())}\n")
    sys.stderr.flush()


def _try(name: str, tell: int) -> NoReturn:
    try:
        os.setsid()
        privileges.die_with_parent(_KILL)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what it complains of is said once, by the import that counts
        try:
            __import__(name)
            why = _left_behind() or _children()
        except BaseException as error:  # noqa: BLE001  # whatever it does is the answer
            why = f"it raised {error!r}"
        os.write(tell, why.encode(errors="replace")[:_LONGEST] or _FINE)
    finally:
        os._exit(0)


def _left_behind() -> str:
    return "it starts threads, which no fork takes along" if len(os.listdir("/proc/self/task")) > 1 else ""


def _children() -> str:
    try:
        return "" if os.waitpid(-1, os.WNOHANG)[0] else "it starts processes, which no fork takes along"
    except ChildProcessError:
        return ""


def _is_ready(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
