"""Builds the wall around this process and becomes the runner in it; what `start.launch` starts.

Three processes: this one stays outside, says how the run ended and is what the broker kills; process 1 of the new world
is the warden; its child is the script. No interpreter is started twice. Every import here is paid by every run.
"""

from __future__ import annotations

import json
import os
import select
import sys

from codegen.sandbox import inside, landlock, limits, namespaces, privileges, warden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType
    from typing import NoReturn

    from codegen.sandbox.plan import Plan, Wall

CHANNEL = 3
"""The descriptor of the only door, inside."""

_KILL, _TERMINATE, _CPU = 9, 15, 24
_HEAD_START = 10
_SIGNALS = {"memory": 40, "processes": 41, "broken": 42, "cpu": _CPU}  # see backend.ending


def main() -> None:
    """Returns only in the script's own process, when the script is through."""
    plan = _read_plan()
    try:
        gate = _confine(plan, plan["wall"]) if plan["wall"] else _supervise(plan)
    except OSError as error:
        _broken(error)
    _forget()
    inside.run(CHANNEL, gate)


def _read_plan() -> Plan:
    """Read stdin, put the channel in its place, and close whatever else was inherited."""
    text = b""
    while part := os.read(0, 1 << 16):
        text += part
    plan: Plan = json.loads(text)
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    if plan["channel"] != CHANNEL:
        os.dup2(plan["channel"], CHANNEL, inheritable=False)
    os.set_inheritable(CHANNEL, False)  # noqa: FBT003  # it takes no keyword
    os.closerange(CHANNEL + 1, 1 << 20)
    return plan


def _confine(plan: Plan, wall: Wall) -> int:
    """Build the wall; gives the script's process the descriptor to close when it starts."""
    _die_with(plan["parent"], _KILL)
    is_root = os.getuid() == 0
    head_start = _take_head_start() if is_root else 0
    namespaces.enter()
    _die_with(plan["parent"], _KILL)  # new credentials may have cleared it
    verdict, report = os.pipe()
    first = os.fork()
    if first:
        os.close(report)
        _relay(verdict, lambda: os.kill(first, _KILL))
    os.close(verdict)
    try:
        return _first_process(plan, wall, report, head_start, is_root=is_root)
    except OSError as error:
        os.write(report, b"broken")
        _say(error)
        os._exit(1)


def _first_process(plan: Plan, wall: Wall, report: int, head_start: int, *, is_root: bool) -> int:
    privileges.die_with_parent(_KILL)
    alive = select.poll()
    alive.register(report, 0)
    if alive.poll(0):  # nobody reads the report: the parent was gone before it could be tied to
        os._exit(1)
    namespaces.build_root(wall)
    os.chdir(plan["cwd"])
    limits.apply(plan["limits"], own_user_namespace=True)
    privileges.drop_capabilities()
    devices = ["/dev/null", "/dev/zero", "/dev/full"]
    landlock.restrict(["/"], ["/tmp", "/dev/shm", *devices, *wall["writable"]])  # noqa: S108
    privileges.install_filter(bytes.fromhex(wall["filter"]))
    privileges.set_dumpable(False)  # the script runs as the same user and must not reach the warden's memory
    gate = _fork_script(plan, report, warden.everyone, is_root=is_root)
    os.nice(head_start)
    return gate


def _take_head_start() -> int:
    """A fork bomb must not keep the warden, which alone bounds root's processes, from its turn."""
    try:
        os.nice(-_HEAD_START)
    except PermissionError:  # a container's root
        return 0
    return _HEAD_START


def _supervise(plan: Plan) -> int:
    """No wall at all: only keep the run's processes together, so that they end together."""
    _die_with(plan["parent"], _TERMINATE)
    privileges.adopt_orphans()
    verdict, report = os.pipe()
    keeper = os.getpid()

    def everyone() -> Iterable[int]:
        return [pid for pid in warden.descendants(keeper) if pid != os.getpid()]

    def end() -> None:
        warden.kill_all(lambda: warden.descendants(keeper))

    watcher = os.fork()
    if watcher:
        os.close(report)
        _relay(verdict, end)
    os.close(verdict)
    privileges.die_with_parent(_KILL)
    privileges.adopt_orphans()
    os.chdir(plan["cwd"])
    limits.apply(plan["limits"], own_user_namespace=False)
    return _fork_script(plan, report, everyone, is_root=False)


def _fork_script(plan: Plan, report: int, members: warden.Members, *, is_root: bool) -> int:
    """Fork the script's process and go on there; the forking one watches it, reports, and ends."""
    waiting, gate = os.pipe()
    script = os.fork()
    if not script:
        privileges.die_with_parent(_KILL)
        privileges.set_dumpable(True)
        os.close(report)
        os.close(waiting)
        return gate
    os.close(gate)
    os.closerange(0, CHANNEL + 1)
    os.read(waiting, 1)  # ends when the script starts or dies: a spare that waits costs no watching
    os.write(report, warden.watch(script, plan["limits"], members, for_root=is_root).encode())
    os._exit(0)


def _relay(verdict: int, end: warden.End) -> NoReturn:
    """Wait for the verdict, see that nobody is left, and end in the same way as the script did."""
    import signal  # while the child builds: it costs no time here

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        end()
        _reap_all()
        os.kill(os.getpid(), signal.SIGKILL)
        os._exit(1)

    signal.signal(signal.SIGTERM, stop)
    os.closerange(0, CHANNEL + 1)
    words = os.read(verdict, 64).decode().split() or ["signal", str(_KILL)]
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end()
    _reap_all()
    if words[0] == "exit":
        os._exit(int(words[1]))
    number = int(words[1]) if words[0] == "signal" else _SIGNALS[words[0]]
    if number != _KILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(1)


def _reap_all() -> None:
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


def _die_with(parent: int, signal_number: int) -> None:
    privileges.die_with_parent(signal_number)
    if os.getppid() != parent:
        os._exit(1)


def _broken(error: OSError) -> NoReturn:
    _say(error)
    os.kill(os.getpid(), _SIGNALS["broken"])
    os._exit(1)


def _say(error: OSError) -> None:
    place = f": {error.filename}" if error.filename else ""
    os.write(2, f"codegen: no sandbox: {error.strerror}{place}\n".encode())


def _forget() -> None:
    """Leave nothing of ours importable: the script sees an ordinary, freshly started Python."""
    packages = sys.argv[1]
    sys.path.remove(packages)
    sys.path_importer_cache.pop(packages, None)
    for name in [name for name in sys.modules if name.partition(".")[0] == "codegen"]:
        del sys.modules[name]
