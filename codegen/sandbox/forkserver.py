"""The broker's side of a fork server: one warm process behind a wall, which forks each run (`zygote.py` is the other).

Measured in WALL.md: a fork starts a run in the time of a bare interpreter, and with what was imported ahead.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from codegen.sandbox.backend import Limits, Process, Spec, View
from codegen.sandbox.cgroup import delegated, group_for
from codegen.sandbox.plan import Bounds, Plan, Request, World
from codegen.sandbox.process import ReportedProcess

PACKAGES = Path(__file__).resolve().parents[2]
"""Where `codegen` is imported from."""

INSIDE = "codegen.sandbox.inside.runner"
_ENTRY = "import sys; sys.path.append(sys.argv[1]); from codegen.sandbox.inside.zygote import main; main()"
_ADDRESS_ROOM = 4
"""Address space per byte of memory: threads, arenas and mapped files reserve far more than they touch."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Which fork server: what `world` it builds around itself, and the module that becomes the run in it."""

    world: World | None
    runner: str = INSIDE
    bound_addresses: bool = True


class ForkServer:
    """A Wall. It is started at once and asked at once: who asks before it is ready waits no longer than it takes."""

    def __init__(self, view: View, kind: Kind) -> None:
        self._kind = kind
        self._groups = delegated() if kind.world else None
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        plan: Plan = {
            "parent": os.getpid(),
            "control": theirs.fileno(),
            "runner": kind.runner,
            "packages": [os.fspath(path) for path in view.packages],
            "preload": list(view.preload),
            "world": kind.world,
        }
        try:
            self._popen = start_zygote(view.python, plan, (theirs.fileno(),))
        finally:
            theirs.close()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    def start(self, spec: Spec) -> Process:
        group = group_for(spec.limits, self._groups)
        with reporting() as (ours, theirs):
            request = request_of(spec, addresses=self._kind.bound_addresses)
            descriptors = [spec.channel, spec.stdout, spec.stderr, theirs.fileno(), *([group.procs] if group else [])]
            with contextlib.suppress(ConnectionError):  # it has died, which the report's end tells
                socket.send_fds(self._control, [json.dumps(request).encode()], descriptors)
            if group:
                os.close(group.procs)
            return ReportedProcess(ours, group=group)

    def close(self) -> None:
        """Its control socket closed, it ends, and each run's keeper with it."""
        self._control.close()
        if self._popen.poll() is None:
            self._popen.kill()
        self._popen.wait()


@contextlib.contextmanager
def reporting() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A pair to report over: ours stays open, theirs is closed when it was handed on."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        yield ours, theirs
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()


def start_zygote(
    python: Path, plan: Plan, descriptors: tuple[int, ...], before: tuple[str, ...] = ()
) -> subprocess.Popen[bytes]:
    """Start one, behind the words of another sandbox's command if there are any: its stderr is then a pipe.

    The plan travels in an anonymous file as its stdin: no argument length to exceed, no pipe to fill.
    """
    with tempfile.TemporaryFile() as stdin:
        stdin.write(json.dumps(plan).encode())
        stdin.seek(0)
        return subprocess.Popen(
            [*before, os.fspath(python), "-I", "-S", "-X", "utf8", "-c", _ENTRY, os.fspath(PACKAGES)],
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if before else None,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"},
            pass_fds=descriptors,
            start_new_session=True,
        )


def request_of(spec: Spec, *, addresses: bool = True) -> Request:
    """A run's own part. `addresses`: whether its address space is bound, which some interpreters can't live with."""
    return {
        "cwd": os.fspath(spec.cwd),
        "environment": dict(spec.environment),
        "limits": _bounds(spec.limits, addresses=addresses),
    }


def _bounds(limits: Limits, *, addresses: bool) -> Bounds:
    """Without time and output, which are the broker's."""
    return {
        "cpu_s": limits.cpu_s,
        "memory_bytes": limits.memory_bytes,
        "address_bytes": limits.memory_bytes * _ADDRESS_ROOM if addresses else 0,
        "processes": limits.processes,
        "file_bytes": limits.file_bytes,
        "disk_bytes": limits.disk_bytes,
        "open_files": limits.open_files,
        "scratch_bytes": limits.scratch_bytes,
    }
