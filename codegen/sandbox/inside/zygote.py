"""The warm process of a fork server: builds its world once, imports ahead, and forks a keeper for each run.

The keeper renews what no two runs may share, takes every right away, and forks the script's process, which it watches
until the end of all. No interpreter is started twice, and no code of a script ever runs here. What is imported at the
top is paid by every cold start.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` would cost each cold start 2 ms
import _socket
import errno
import fcntl
import gc
import os
import struct
import sys

from codegen.sandbox import plain_json
from codegen.sandbox.inside import keeper, warden
from codegen.sandbox.inside.ahead import Ahead, say
from codegen.sandbox.inside.world import build
from codegen.sandbox.linux import privileges
from codegen.sandbox.linux.kernel import fork_into

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from codegen.sandbox.inside.world import World
    from codegen.sandbox.plan import Plan, Request

CHANNEL = 3
"""The descriptor of the only door, inside."""

FIRST, KEEPER = b"first", b"keeper"
"""What comes with a keeper's pidfd: the first is process 1 of a world of its own, and takes all of it along."""

_KILL = 9
_LONGEST_REQUEST = 1 << 20
_LEAST, _MOST = 4, 5  # descriptors of a request; the fifth is a control group's
_QUIET_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""Libraries that start threads when they are imported, which no fork takes along, are asked not to."""


def main() -> NoReturn:
    """Serve until the broker has gone."""
    plan = _read_plan()
    privileges.die_with_parent(_KILL)
    if os.getppid() != plan["parent"]:
        os._exit(1)
    control = _socket.socket(fileno=plan["control"])
    runner = __import__(plan["runner"], fromlist=["run"])
    try:
        here = build(plan["world"])
        privileges.die_with_parent(_KILL)  # new credentials may have cleared it
    except OSError as error:
        _refuse_all(control, _said(error))
    _hide()
    runner.settle(plan["packages"])
    children: set[int] = set()
    _signal.signal(_signal.SIGCHLD, lambda _number, _frame: _tidy(here, children))
    ahead = Ahead(control.fileno(), children, runner.OFTEN_USED, _wanted_ahead(plan["preload"], here))
    while True:
        if ahead.go_on() or not gc.get_freeze_count():
            gc.freeze()  # what is loaded is never garbage: no run shall look through it, or copy its pages
        request = _next(control)
        if request is None:
            os._exit(0)
        if _fork(*request, here, children):
            break
    control.detach()  # closed already, with all that isn't the run's
    _forget()
    runner.run(CHANNEL)
    os._exit(0)  # not reached: a runner ends its process


def _read_plan() -> Plan:
    text = b""
    while part := os.read(0, 1 << 16):
        text += part
    plan: Plan = plain_json.loads(text)
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    os.set_inheritable(plan["control"], False)  # noqa: FBT003  # it takes no keyword
    os.closerange(3, plan["control"])
    os.closerange(plan["control"] + 1, 1 << 20)
    os.environ.update(dict.fromkeys(_QUIET_THREADS, "1"))
    return plan


def _refuse_all(control: _socket.socket, why: str) -> NoReturn:
    """The world couldn't be built: say so to whoever asked already, and be gone."""
    while (request := _next(control)) is not None:
        _report(request[1][3], f"broken {why}".encode())
        for descriptor in request[1]:
            os.close(descriptor)
    os._exit(1)


def _wanted_ahead(names: list[str], here: World) -> list[str]:
    """Code of packages runs in no fork server that could do what their scripts can't."""
    if here.shelters:
        return names
    for name in names:
        say(name, "without namespaces the fork server isn't behind the wall, only what it forks is")
    return []


def _next(control: _socket.socket) -> tuple[Request, list[int]] | None:
    """The next request with its descriptors: channel, stdout, stderr, report, a group. None when the broker is gone."""
    while True:
        text, ancillary, _, _ = control.recvmsg(_LONGEST_REQUEST, _socket.CMSG_SPACE(4 * _MOST))
        if not text:
            return None
        descriptors = [number for _, _, data in ancillary for number in struct.unpack(f"={len(data) // 4}i", data)]
        if len(descriptors) >= _LEAST:
            return plain_json.loads(text), descriptors
        for descriptor in descriptors:
            os.close(descriptor)


def _fork(request: Request, descriptors: list[int], here: World, children: set[int]) -> bool:
    """Start a run; True in its script's process."""
    if here.once:
        _report_keeper(descriptors[3], FIRST, os.getpid())
        _become_run(request, descriptors, here)
        return True
    _signal.pthread_sigmask(_signal.SIG_BLOCK, {_signal.SIGCHLD})
    try:
        pid = fork_into(here.flags)
    except OSError as error:
        _report(descriptors[3], f"broken {_said(error)}".encode())
        pid = -1
    if pid == 0:
        _signal.pthread_sigmask(_signal.SIG_UNBLOCK, {_signal.SIGCHLD})
        _become_run(request, descriptors, here)
        return True
    if pid > 0:
        children.add(pid)
        _report_keeper(descriptors[3], FIRST if here.flags else KEEPER, pid)
    for descriptor in descriptors:
        os.close(descriptor)
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, {_signal.SIGCHLD})
    return False


def _become_run(request: Request, descriptors: list[int], here: World) -> None:
    """In the keeper; returns in the script's process alone."""
    channel, stdout, stderr, report, *group = descriptors
    for procs in group:
        os.write(procs, b"0")
    report = _arrange(channel, stdout, stderr, report)
    try:
        keeper.keep(request, report, here)
    except OSError as error:
        keeper.say(report, f"broken {_said(error)}")
        os._exit(1)


def _arrange(channel: int, stdout: int, stderr: int, report: int) -> int:
    """Put every descriptor in its place and close all others; where the report is now."""
    moved = [_above(descriptor) for descriptor in (stdout, stderr, channel, report)]
    for place, descriptor in enumerate(moved, start=1):
        os.dup2(descriptor, place, inheritable=place < CHANNEL)
    os.closerange(CHANNEL + 2, 1 << 20)
    return CHANNEL + 1


def _above(descriptor: int) -> int:
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 64)


def _report_keeper(to: int, words: bytes, pid: int) -> None:
    pidfd = os.pidfd_open(pid)
    _report(to, words, pidfd)
    os.close(pidfd)


def _report(to: int, words: bytes, *descriptors: int) -> None:
    end = _socket.socket(fileno=os.dup(to))
    try:
        rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack(f"={len(descriptors)}i", *descriptors))]
        end.sendmsg([words], rights if descriptors else [])
    except OSError as error:
        if error.errno not in {errno.EPIPE, errno.ECONNRESET}:  # nobody is interested any more
            raise
    finally:
        end.close()


def _tidy(here: World, children: set[int]) -> None:
    """Reap children; where the kernel doesn't do it, end what a killed keeper has left behind, which is ours now."""
    try:
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            children.discard(pid)
        while not here.flags and (strays := set(warden.children(os.getpid())) - children):
            for stray in strays:
                os.kill(stray, _KILL)
                os.waitpid(stray, 0)
    except (ChildProcessError, ProcessLookupError):
        return  # none is left, or the next signal, which came in between, has dealt with it


def _said(error: OSError) -> str:
    return f"{error.strerror}{f': {error.filename}' if error.filename else ''}"


def _hide() -> None:
    """All of ours that is needed is loaded: what a script can import is what it could anywhere."""
    packages = sys.argv[1]
    sys.path.remove(packages)
    sys.path_importer_cache.pop(packages, None)


def _forget() -> None:
    """The script sees an ordinary, freshly started Python."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "codegen"]:
        del sys.modules[name]
