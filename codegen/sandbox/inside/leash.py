"""Keeps one run where the kernel offers no means to: by process groups and what `ps` says. Any Unix will do.

It stays outside the fence, runs the fenced command as its child, looks at all that descends from it, and ends it. Its
stdout carries the verdict, as `verdict.py` reads it; the end of its control pipe asks it to end the run.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time

from codegen.sandbox.inside.disk import Disk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from codegen.sandbox.plan import Bounds, Leashed

TICK_S = 0.1
_CHANNEL = 3
_KIB = 1024
_COLUMNS = "pid=,ppid=,pgid=,rss=,time=,stat="


def main() -> NoReturn:
    """Run the command of the plan on stdin, and say how that ended when all of it is gone."""
    plan: Leashed = json.load(sys.stdin)
    own = (0, 1, 2, plan["control"])
    bounds = plan["request"]["limits"]
    disk = Disk(dict.fromkeys(plan["writable"], bounds["disk_bytes"]) | {plan["scratch"]: bounds["scratch_bytes"]})
    script = os.fork()
    if not script:
        _become(plan)
    for descriptor in {plan["channel"], plan["stdout"], plan["stderr"]}:
        if descriptor not in own:
            os.close(descriptor)
    kin = Kin(script)
    verdict = watch(kin, bounds, disk, plan["control"])
    kin.kill()
    _remove(plan["scratch"])
    os.write(1, verdict.encode())
    os._exit(0)


def run() -> NoReturn:
    """Called behind the fence, as `run(PACKAGES, FOLDER...)` by its command line: become the script."""
    from codegen.sandbox.inside import runner

    packages, folders = sys.argv[1], sys.argv[2:]
    sys.path.remove(packages)
    sys.path_importer_cache.pop(packages, None)
    runner.settle(folders)
    for name in [name for name in sys.modules if name.partition(".")[0] == "codegen"]:
        del sys.modules[name]
    runner.run(_CHANNEL)


def _become(plan: Leashed) -> NoReturn:
    report = _above(1)  # closed by exec
    try:
        os.setsid()
        nothing = os.open("/dev/null", os.O_RDONLY)
        moved = [_above(one) for one in (nothing, plan["stdout"], plan["stderr"], plan["channel"])]
        for place, descriptor in enumerate(moved):
            os.dup2(descriptor, place)
        for given in {plan["control"], plan["channel"], plan["stdout"], plan["stderr"]} - set(range(_CHANNEL + 1)):
            os.close(given)  # what Python opened itself is closed by exec
        os.chdir(plan["request"]["cwd"])
        _limit(plan["request"]["limits"])
        scratch = plan["scratch"]
        environment = {**plan["request"]["environment"], "TMPDIR": scratch, "HOME": scratch}
        os.execve(plan["command"][0], plan["command"], environment)  # noqa: S606  # no shell is wanted
    except OSError as error:
        os.write(report, f"broken {error.strerror}{f': {error.filename}' if error.filename else ''}\n".encode())
    os._exit(1)


def _above(descriptor: int) -> int:
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 64)


def _limit(bounds: Bounds) -> None:
    wanted = {
        resource.RLIMIT_CPU: bounds["cpu_s"],
        resource.RLIMIT_FSIZE: bounds["file_bytes"],
        resource.RLIMIT_NOFILE: bounds["open_files"],
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_DATA: bounds["memory_bytes"],  # not every kernel holds it: memory is watched too
    }
    for kind, value in wanted.items():
        highest = resource.getrlimit(kind)[1]
        bound = value if highest == resource.RLIM_INFINITY else min(value, highest)
        try:
            # One second between SIGXCPU, which says why, and SIGKILL.
            resource.setrlimit(kind, (bound, bound + (kind == resource.RLIMIT_CPU and bound != highest)))
        except (OSError, ValueError):
            continue


class Kin:
    """All that descends from one process, as far as it was seen at each look before its parents were gone."""

    def __init__(self, first: int) -> None:
        self.first = first
        self._pids = {first}
        self._groups = {first}
        self.verdict = ""

    def look(self) -> list[tuple[int, int, float]]:
        """Of each that lives: process id, resident bytes, seconds of CPU time."""
        rows = _processes()
        found: dict[int, tuple[int, int, float]] = {}
        before = -1
        while len(found) > before:  # children may be listed before their parents
            before = len(found)
            for pid, parent, group, size, spent in rows:
                if pid in self._pids or parent in self._pids or group in self._groups:
                    found[pid] = (pid, size, spent)
                    self._pids.add(pid)
                    self._groups.add(group)
        self._pids &= found.keys() | {self.first}
        self._groups &= {group for _, _, group, _, _ in rows} | {self.first}
        self.reap()
        return [row for pid, row in found.items() if not (pid == self.first and self.verdict)]

    def reap(self) -> None:
        """Have the verdict if the first has ended."""
        if not self.verdict:
            pid, status = os.waitpid(self.first, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self.verdict = f"exit {code}" if code >= 0 else f"signal {-code}"

    def kill(self) -> None:
        """Kill until nobody is left."""
        while living := self.look():
            for pid, _, _ in living:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue


def watch(kin: Kin, bounds: Bounds, disk: Disk, control: int) -> str:
    """Wait for the first of them to end, or for a reason to end it; the verdict."""
    wake, woken = os.pipe()
    os.set_blocking(woken, False)  # it takes no keyword
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    poll = select.poll()
    for descriptor in (control, wake):
        poll.register(descriptor, select.POLLIN)
    while True:
        excess = _excess(kin.look(), bounds, disk)
        if kin.verdict or excess:
            return kin.verdict or f"limit {excess}"
        due = time.monotonic() + TICK_S
        while (left := due - time.monotonic()) > 0:
            ready = dict(poll.poll(left * 1000))
            kin.reap()
            if kin.verdict or control in ready:
                return kin.verdict or "killed"
            if wake in ready:
                os.read(wake, 64)


def _excess(living: list[tuple[int, int, float]], bounds: Bounds, disk: Disk) -> str:
    if len(living) > bounds["processes"]:
        return "processes"
    if sum(size for _, size, _ in living) > bounds["memory_bytes"]:
        return "memory"
    if sum(spent for _, _, spent in living) > bounds["cpu_s"] + 1:
        return "cpu"
    return "disk" if disk.is_exceeded([pid for pid, _, _ in living]) else ""


def _processes() -> list[tuple[int, int, int, int, float]]:
    """Of every process: its id, its parent's, its group's, resident bytes, seconds of CPU time."""
    command = ["/bin/ps", "-axo", _COLUMNS]
    listed = subprocess.run(command, stdout=subprocess.PIPE, env={"LC_ALL": "C"}, check=False).stdout
    rows = [line.split() for line in listed.decode().splitlines()]
    return [
        (int(pid), int(parent), int(group), int(size) * _KIB, seconds(spent))
        for pid, parent, group, size, spent, state in rows
        if not state.startswith("Z")  # ended, and nobody may ever ask how
    ]


def seconds(text: str) -> float:
    """Of ps: `[[days-]hours:]minutes:seconds`."""
    days, _, rest = text.rpartition("-")
    total = float(days or 0) * 24
    parts = [float(part) for part in rest.split(":")]
    hours, minutes, rest_s = [0.0] * (3 - len(parts)) + parts
    return ((total + hours) * 60 + minutes) * 60 + rest_s


def _remove(folder: str) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
