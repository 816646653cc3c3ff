"""Process 1 of a container: starts the script's process, watches it, and carries its streams to the ferry outside.

Standard library only. It ends when its stdin does, so that no container outlives whoever started it. The script's
process runs `inside.py` as behind every other wall: its channel is descriptor 3, and our own filter is around it.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` would cost each start 2 ms
import _socket
import json
import os
import sys
import threading

from codegen.sandbox.containers.lanes import CHANNEL, ERR, OUT, UP, VERDICT, Lanes, LinkError
from codegen.sandbox.inside import runner, warden
from codegen.sandbox.inside.disk import Disk
from codegen.sandbox.linux import landlock, limits, privileges, seccomp
from codegen.sandbox.linux.syscalls import MACHINES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn, TypedDict

    from codegen.sandbox.linux.syscalls import Machine
    from codegen.sandbox.plan import Request

    class Inner(TypedDict):
        """What comes first over stdin, four bytes of length before it.

        `links` are to be made in the run's own /tmp, where no image shows; `own_users`: its count of processes is its
        own too.
        """

        request: Request
        packages: list[str]
        writable: list[str]
        links: dict[str, str]
        own_users: bool


_HIGH = 64
_SCRATCH = ["/tmp", "/dev/shm"]  # noqa: S108
_DEVICES = ["/dev/null", "/dev/zero", "/dev/full"]
_OOM_KILLS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")


def main() -> None:
    """Returns in no process."""
    plan = _read_plan()
    link = _take_link()
    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    os.environ.clear()
    os.environ.update(plan["request"]["environment"])
    privileges.set_dumpable(False)  # the script runs as the same user and must not reach this memory
    try:
        machine = _prepare(plan)
        disk = Disk(dict.fromkeys(plan["writable"], plan["request"]["limits"]["disk_bytes"]))
        _keep(plan, machine, disk, link)
    except OSError as error:
        _carry(link, {VERDICT: _full(f"broken {_said(error)}".encode())}, {}, -1)
    os._exit(0)


def _keep(plan: Inner, machine: Machine, disk: Disk, link: tuple[int, int]) -> None:
    """Start the script's process, carry its streams, and tell how it ended. Raises OSError before anything has run."""
    channel, theirs = _socket.socketpair()
    out, err, verdict, trouble, shut = (os.pipe() for _ in range(5))
    killed_before = _oom_kills()
    script = os.fork()
    if not script:
        _become_script(plan, machine, (theirs.fileno(), out[1], err[1], trouble[1]))
    theirs.close()
    for pipe in (out, err, trouble):
        os.close(pipe[1])
    os.write(verdict[1], UP)
    sources = {CHANNEL: channel.detach(), OUT: out[0], ERR: err[0], VERDICT: verdict[0]}
    carrier = threading.Thread(target=_carry, args=(link, sources, {CHANNEL: sources[CHANNEL]}, shut[1]))
    carrier.start()
    found = _read_all(trouble[0]) or _watch(script, plan, disk, shut[0])
    warden.kill_all(_members)
    if found == "signal 9" and _oom_kills() > killed_before:
        found = "limit memory"
    os.write(verdict[1], found.encode())
    os.close(verdict[1])
    carrier.join()


def _read_plan() -> Inner:
    size = int.from_bytes(_exactly(4), "big")
    plan: Inner = json.loads(_exactly(size))
    return plan


def _exactly(size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = os.read(0, size - len(data))
        if not part:
            os._exit(1)  # whoever started this has gone
        data += part
    return data


def _take_link() -> tuple[int, int]:
    """Put both ends out of the script's way, and close whatever else there is."""
    import fcntl

    link = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, _HIGH), fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    os.dup2(os.open("/dev/null", os.O_RDWR), 0)
    os.dup2(0, 1)
    os.closerange(3, _HIGH)
    os.closerange(max(link) + 1, 1 << 20)
    return link


def _prepare(plan: Inner) -> Machine:
    """What a script finds ready. Raises OSError."""
    name = os.uname().machine
    if name not in MACHINES:
        raise OSError(38, f"no system call filter for {name}")
    if os.getpid() != 1:
        privileges.adopt_orphans()
    for path in plan["writable"]:
        if not os.access(path, os.W_OK):
            raise PermissionError(13, "the container's user can't write to it", path)
    for path, target in plan["links"].items():
        try:
            os.symlink(target, path)  # noqa: PTH211
        except OSError:
            continue  # a folder of the engine's: the link isn't there, which shows less, not more
    _seal([*plan["writable"], *plan["links"]])
    os.chdir(plan["request"]["cwd"])
    runner.settle(plan["packages"])
    for module in runner.OFTEN_USED:
        __import__(module)
    return MACHINES[name]


def _seal(paths: Iterable[str]) -> None:
    """Folders of the engine's making on the way to what lies below /tmp: what is written there would vanish unseen."""
    for path in paths:
        folder = os.path.dirname(path)  # noqa: PTH120  # pathlib would cost each start 3 ms
        while folder.startswith("/tmp/"):  # noqa: S108
            if os.stat(folder).st_dev == os.stat("/tmp").st_dev and os.stat(folder).st_uid == os.getuid():  # noqa: PTH116, S108
                os.chmod(folder, 0o555)  # noqa: PTH101, S103  # it takes rights away
            folder = os.path.dirname(folder)  # noqa: PTH120


def _become_script(plan: Inner, machine: Machine, ends: tuple[int, int, int, int]) -> NoReturn:
    """In the new process."""
    channel, out, err, trouble = ends
    try:
        for place, descriptor in ((_HIGH, trouble), (_HIGH + 1, channel), (1, out), (2, err)):
            os.dup2(descriptor, place)
        os.dup2(_HIGH + 1, 3)
        os.closerange(4, _HIGH)
        os.closerange(_HIGH + 1, 1 << 20)
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)
        os.setsid()  # a signal to the script's group is not for process 1
        _confine(plan, machine)
    except (OSError, ValueError) as error:  # what `resource` raises
        os.write(_HIGH, f"broken {_said(error)}".encode())
        os._exit(1)
    os.close(_HIGH)
    sys.path.remove(sys.argv[1])
    for name in [name for name in sys.modules if name.partition(".")[0] == "codegen"]:
        del sys.modules[name]
    runner.run(3)


def _confine(plan: Inner, machine: Machine) -> None:
    privileges.set_dumpable(True)
    with open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123  # the kernel shall take the script, not us
        score.write("1000")
    limits.apply(plan["request"]["limits"], own_user_namespace=plan["own_users"])
    privileges.drop_capabilities()
    writable = [path for path in (*_SCRATCH, *_DEVICES) if os.path.exists(path)]  # noqa: PTH110
    landlock.restrict(["/"], [*writable, *plan["writable"]])
    privileges.install_filter(seccomp.program(machine, spares_first=True))


def _watch(script: int, plan: Inner, disk: Disk, shut: int) -> str:
    bounds = plan["request"]["limits"]
    return warden.watch(script, bounds, _members, shut, disk, tick_ms=warden.QUICK_TICK_MS)


def _members() -> Iterable[int]:
    """All processes but this one; where it isn't process 1, and so not alone, its own descendants."""
    return warden.everyone() if os.getpid() == 1 else warden.descendants(os.getpid())


def _carry(link: tuple[int, int], sources: dict[bytes, int], sinks: dict[bytes, int], shut: int) -> None:
    """Until all of it is on its way or nobody is there to take it, which `shut` closed tells."""
    lanes = Lanes(link, sources, sinks)
    try:
        while not (lanes.shut or lanes.sent):
            lanes.step()
    except LinkError:
        pass
    if shut >= 0:
        os.close(shut)


def _full(text: bytes) -> int:
    """A pipe that holds a short text and nothing more."""
    reader, writer = os.pipe()
    os.write(writer, UP + text)
    os.close(writer)
    return reader


def _read_all(descriptor: int) -> str:
    data = b""
    while part := os.read(descriptor, 4096):
        data += part
    os.close(descriptor)
    return data.decode(errors="replace")


def _oom_kills() -> int:
    """How many processes of this container the kernel has ended for want of memory; 0 where it doesn't tell."""
    for path in _OOM_KILLS:
        try:
            with open(path) as file:  # noqa: PTH123
                counts = dict(line.split()[:2] for line in file)
        except OSError:
            continue
        return int(counts.get("oom_kill", 0))
    return 0


def _said(error: OSError | ValueError) -> str:
    if isinstance(error, ValueError):
        return str(error)
    return f"{error.strerror}{f': {error.filename}' if error.filename else ''}"
