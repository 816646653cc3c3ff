"""Watches a run from outside the script: reaps, adds up what all its processes use, and gives the verdict."""

from __future__ import annotations

import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Members = Callable[[], Iterable[int]]
    End = Callable[[], None]

    from codegen.sandbox.inside.disk import Disk
    from codegen.sandbox.plan import Bounds

TICK_MS, QUICK_TICK_MS = 100, 20
"""How often it looks; quickly where only that stops a fork bomb."""

_SOCKET = 1 << 19
"""Bytes that a socket may hold of what was sent and not received, which is counted for no process (socket(7))."""

_KILL = 9  # the number is fixed, and `import signal` would cost each start 1 ms
_PAGE = 4096
_USER_TIME, _THREADS, _RESIDENT = 11, 17, 21  # fields of /proc/PID/stat after the name, proc(5)


def watch(script: int, bounds: Bounds, members: Members, report: int, disk: Disk, *, tick_ms: int = TICK_MS) -> str:
    """Wait for `script`; give the verdict, as `verdict.py` reads it. `report` shut at its other end kills."""
    poll = select.poll()
    for descriptor in (*_pidfd(script), report):
        poll.register(descriptor, select.POLLIN)
    while True:
        ready = dict(poll.poll(tick_ms))
        verdict = _reap(script, bounds["cpu_s"])
        if verdict:  # whatever the poll said: the script may have ended after it, and is reaped only once
            return verdict
        if report in ready:
            return "killed"
        excess = _excess(bounds, list(members()), disk)
        if excess:
            return f"limit {excess}"


def _pidfd(script: int) -> Iterable[int]:
    """Wakes at once; without it the next look finds the end (gVisor knows no pidfd before 2023)."""
    try:
        return [os.pidfd_open(script)]
    except OSError:
        return []


def everyone() -> Iterable[int]:
    """All visible processes but this one."""
    own = os.getpid()
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != own]


def children(of: int) -> list[int]:
    """The processes whose parent it is."""
    return _by_parent().get(of, [])


def descendants(root: int) -> list[int]:
    """All processes below `root`, as far as they are still its children's children."""
    by_parent = _by_parent()
    found: list[int] = []
    waiting = [root]
    while waiting:
        below = by_parent.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _by_parent() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        fields = _fields(int(name)) if name.isdigit() else None
        if fields:
            found.setdefault(int(fields[1]), []).append(int(name))
    return found


def kill_all(members: Members) -> None:
    """Kill until nobody is left: what forked between two looks is found by the next."""
    while pids := list(members()):
        for pid in pids:
            try:
                os.kill(pid, _KILL)
            except ProcessLookupError:
                continue
        while _reap_one() is not None:
            pass
        select.select([], [], [], 0.001)


def _reap(script: int, cpu_s: int) -> str:
    verdict = ""
    while (found := _reap_one()) is not None:
        pid, status, used = found
        if pid == script:
            code = os.waitstatus_to_exitcode(status)
            verdict = f"exit {code}" if code >= 0 else f"signal {-code}"
            if code == -_KILL and used > cpu_s:  # it would not hear SIGXCPU
                verdict = "limit cpu"
    return verdict


def _reap_one() -> tuple[int, int, float] | None:
    """A process that has ended: its pid, status and the seconds of processor time that it used."""
    try:
        pid, status, usage = os.wait4(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, status, usage.ru_utime + usage.ru_stime) if pid else None


def _excess(bounds: Bounds, pids: list[int], disk: Disk) -> str:
    memory = ticks = tasks = files = 0
    for pid in pids:
        fields = _fields(pid)
        if fields is None:
            continue
        memory += int(fields[_RESIDENT]) * _PAGE
        tasks += int(fields[_THREADS])
        files += _open_files(pid)
        ticks += sum(map(int, fields[_USER_TIME : _USER_TIME + 4]))  # its own and its reaped children's
    if tasks > bounds["processes"]:
        return "processes"
    if ticks > (bounds["cpu_s"] + 1) * os.sysconf("SC_CLK_TCK"):
        return "cpu"
    # Resident sizes count a page once for each process that shares it, and files may be sockets; only the dear second
    # look tells.
    most = bounds["memory_bytes"]
    if memory + files * _SOCKET > most and sum(map(_proportional, pids)) + _in_sockets(pids) > most:
        return "memory"
    return "disk" if disk.is_exceeded(pids) else ""


def _fields(pid: int) -> list[bytes] | None:
    text = _read(f"/proc/{pid}/stat")
    return text[text.rindex(b")") + 2 :].split() if text else None


def _proportional(pid: int) -> int:
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    fields = _fields(pid)  # it made itself unreadable: count all of it
    return int(fields[_RESIDENT]) * _PAGE if fields else 0


def _open_files(pid: int) -> int:
    try:
        return os.stat(f"/proc/{pid}/fd").st_size  # their number since Linux 6.2, 0 before
    except OSError:
        return 0


def _in_sockets(pids: list[int]) -> int:
    """What may lie in the queues of all open sockets; all files count where a process doesn't show them."""
    sockets: set[str] = set()
    hidden = 0
    for pid in pids:
        try:
            for name in os.listdir(f"/proc/{pid}/fd"):
                target = os.readlink(f"/proc/{pid}/fd/{name}")
                if target.startswith("socket:"):
                    sockets.add(target)
        except PermissionError:
            hidden += _open_files(pid)
        except OSError:
            continue  # it has ended, or closed it
    return (len(sockets) + hidden) * _SOCKET


def _read(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""  # it ended in between
    finally:
        os.close(descriptor)
