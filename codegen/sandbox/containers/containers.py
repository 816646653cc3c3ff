"""Docker and podman: each run in a container of its own, made from this machine's own Python.

On Linux the image holds nothing but links, and shows the same system read-only as the native wall does: nothing is
downloaded and the same packages are there. Elsewhere it is `python:X.Y-slim`, which a person pulls, and packages with
compiled parts are missing. No client takes a descriptor along: see `ferry.py` and `contained.py`.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from codegen.sandbox.backend import Availability, Process, Spec, View, Wall
from codegen.sandbox.containers.engine import (
    GVISOR,
    OURS,
    Container,
    Engine,
    Shown,
    User,
    info_command,
    read_info,
    remove_command,
    run_command,
)
from codegen.sandbox.containers.ferried import FerriedProcess
from codegen.sandbox.containers.ferry import Orders
from codegen.sandbox.containers.image import SCRATCH, Image, foreign_image, native_image, shown_of
from codegen.sandbox.forkserver import PACKAGES, request_of
from codegen.sandbox.probe import try_out

_OTHERS = ("crun", "runc")
_ANSWER_LIMIT_S = 5
_MOST_PROCESSES = 1 << 15
"""Of a user, all its processes outside counted too. Podman gives its containers less than it has itself."""

_SOURCES = Path(__file__).resolve().parents[1]
_ENTRY = "import sys; sys.path.append(sys.argv[1]); from codegen.sandbox.containers.{} import main; main()"
_CLIENTS_OWN = ("DOCKER_", "CONTAINER", "XDG_")
"""Beginnings of the variables that say where an engine is and what a person has set for it."""

_MENDS = {
    "docker": "start its engine (sudo systemctl start docker), or give this user the right to reach it",
    "podman": "`podman info` says what is missing",
}


class Containers:
    """One engine; what its probe found is what its walls are made with."""

    confines = True

    def __init__(self, name: str, *, gvisor: bool = True) -> None:
        self.name = name
        self._gvisor = gvisor
        self._engine: Engine | None = None
        self.runtime = ""
        """The one that the probe settled on; empty for the engine's own choice."""

    def probe(self) -> Availability:
        """Ask the engine, and run one container with nothing to do; with gVisor if that is installed and works."""
        program = shutil.which(self.name)
        if program is None:
            return Availability(works=False, why=f"{self.name} isn't installed", mend=f"install {self.name}")
        self._engine, why = _ask(program)
        if self._engine is None:
            return Availability(works=False, why=why, mend=_MENDS.get(self.name, ""))
        failures: list[str] = []
        for runtime in _runtimes(self._engine, gvisor=self._gvisor):
            self.runtime = runtime
            found = self._try()
            if found.works:
                weaker = _weaker(self._engine, runtime, os.getuid())
                return Availability(works=True, why="; ".join(failures), weaker=weaker)
            failures.append(f"{runtime or 'its own runtime'}: {found.why}")
        image = foreign_image().tag
        mend = "" if _is_native() else f"{self.name} pull {image}"
        return Availability(works=False, why="; ".join(dict.fromkeys(failures)), mend=mend)

    def _try(self) -> Availability:
        """With a folder to write to: whether the container's user may is the engine's doing."""
        with tempfile.TemporaryDirectory() as folder:
            return try_out(self, (Path(folder).resolve(),))

    def prepare(self, view: View) -> Wall:
        """See `Backend.prepare`."""
        if self._engine is None:
            self.probe()
        return _Wall(self._engine or Engine(self.name, is_podman=self.name == "podman"), self.runtime, view)


@dataclass(frozen=True, slots=True)
class _Ready:
    """What is the same for every container of a wall."""

    shown: Shown
    image: Image
    python: str


class _Wall:
    """Nothing is kept warm: each start is a container."""

    def __init__(self, engine: Engine, runtime: str, view: View) -> None:
        self._engine = engine
        self._runtime = runtime
        self._view = view
        self._runs: weakref.WeakSet[FerriedProcess] = weakref.WeakSet()
        self.alive = True

    def start(self, spec: Spec) -> Process:
        ours, theirs = socket.socketpair()
        with theirs, _copies(spec.channel, spec.stdout, spec.stderr) as (channel, stdout, stderr):
            orders = self._orders(replace(spec, channel=channel, stdout=stdout, stderr=stderr), theirs.fileno())
            process = FerriedProcess(_start_ferry(orders), ours)
        self._runs.add(process)
        return process

    def close(self) -> None:
        self.alive = False
        for process in self._runs:
            process.kill()

    def _orders(self, spec: Spec, report: int) -> Orders:
        name = f"codegen-{os.urandom(8).hex()}"
        orders: Orders = {
            "run": [],
            "has_image": [],
            "make_image": [],
            "tar": "",
            "remove": remove_command(self._engine, name),
            "inner": "",
            "channel": spec.channel,
            "stdout": spec.stdout,
            "stderr": spec.stderr,
            "report": report,
            "refused": "",
        }
        try:
            ready = self._ready()
            orders["run"] = self._command(name, ready, spec)
        except (OSError, ValueError) as error:
            orders["refused"] = str(error)
            return orders
        orders["inner"] = self._inner(ready.shown, spec)
        if ready.image.tar is not None:
            orders["has_image"] = [self._engine.program, "image", "inspect", ready.image.tag]
            orders["make_image"] = [self._engine.program, "import", "-", ready.image.tag]
            orders["tar"] = base64.b64encode(ready.image.tar).decode()
        return orders

    def _ready(self) -> _Ready:
        """Raises OSError for mounts that can't be."""
        if _is_native():
            shown = shown_of(self._view.mounts, with_system=True)
            return _Ready(shown, native_image(shown), os.fspath(self._view.python))
        return _Ready(shown_of(self._view.mounts, with_system=False), foreign_image(), "python3")

    def _command(self, name: str, ready: _Ready, spec: Spec) -> list[str]:
        container = Container(name, ready.image.tag, self._runtime, str(_SOURCES), ready.shown, spec.limits)
        program = (ready.python, "-I", "-S", "-X", "utf8", "-c", _ENTRY.format("contained"), OURS)
        return run_command(self._engine, container, _user(), program)

    def _inner(self, shown: Shown, spec: Spec) -> str:
        links = {path: target for path, target in shown.links.items() if path.startswith(SCRATCH)}
        return json.dumps(
            {
                "request": request_of(spec),
                "packages": [os.fspath(path) for path in self._view.packages],
                "writable": list(shown.writable),
                "links": links,
                "own_users": self._engine.rootless and self._engine.is_podman,
            }
        )


def _is_native() -> bool:
    return sys.platform == "linux"


def _ask(program: str) -> tuple[Engine | None, str]:
    """What the engine says of itself, or why it says nothing."""
    try:
        done = subprocess.run(
            info_command(program), capture_output=True, text=True, timeout=_ANSWER_LIMIT_S, check=False, env=_own()
        )
    except subprocess.TimeoutExpired:
        return None, f"its engine did not answer within {_ANSWER_LIMIT_S} s"
    except OSError as error:
        return None, f"it can't be started: {error.strerror}"
    engine = read_info(program, done.stdout)
    words = done.stderr.strip().splitlines()
    return engine, "" if engine else f"no engine answers: {words[-1] if words else 'it said nothing'}"


def _runtimes(engine: Engine, *, gvisor: bool) -> list[str]:
    """What to try, in order; "" is the engine's own choice."""
    is_there = GVISOR in engine.runtimes or (engine.is_podman and shutil.which(GVISOR) is not None)
    others = [name for name in _OTHERS if engine.is_podman and name not in engine.runtimes and shutil.which(name)]
    return [*([GVISOR] if gvisor and is_there else []), "", *others]


def _weaker(engine: Engine, runtime: str, uid: int) -> tuple[str, ...]:
    found = []
    held = frozenset() if runtime in engine.unbounded else engine.limits
    if "memory" not in held:
        found.append("the memory of all processes together is watched every 20 ms, the kernel bounds only each one's")
    if "pids" not in held:
        found.append("processes and threads are counted every 20 ms, the kernel doesn't bound them")
    if uid == 0 and _is_native() and runtime != GVISOR:
        found.append("the script's user is root outside too, though without any capability")
    return tuple(found)


def _user() -> User:
    if not _is_native():
        return User(1000, 1000, 1 << 20, 1 << 20)
    files, processes = (resource.getrlimit(kind)[1] for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC))
    return User(os.getuid(), os.getgid(), _bound(files), min(_bound(processes) // 3, _MOST_PROCESSES))


def _bound(limit: int) -> int:
    return limit if limit >= 0 else 1 << 20  # -1 is infinity


def _own() -> dict[str, str]:
    """A client's environment: nothing of the broker's but what says where its engine is."""
    names = ("PATH", "HOME", "TMPDIR", "LANG", "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK")
    return {name: value for name, value in os.environ.items() if name in names or name.startswith(_CLIENTS_OWN)}


@contextlib.contextmanager
def _copies(*descriptors: int) -> Iterator[list[int]]:
    """Out of the way of a child's standard streams, for they may be the broker's own."""
    copies = [os.dup(descriptor) for descriptor in descriptors]
    try:
        yield copies
    finally:
        for copy in copies:
            os.close(copy)


def _start_ferry(orders: Orders) -> subprocess.Popen[bytes]:
    with tempfile.TemporaryFile() as stdin:
        stdin.write(json.dumps(orders).encode())
        stdin.seek(0)
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-X", "utf8", "-c", _ENTRY.format("ferry"), os.fspath(PACKAGES)],
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            env=_own(),
            pass_fds=(orders["channel"], orders["stdout"], orders["stderr"], orders["report"]),
            start_new_session=True,
        )
