"""Whether a wall holds on this machine, by building one; and if not, why not and what to do."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from codegen.sandbox.backend import Availability, Backend, Mounts, Process, Spec, View
from codegen.sandbox.view import system_mounts

_SWITCHES: Mapping[str, tuple[str, str]] = {
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": (
        "1",
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    "/proc/sys/kernel/unprivileged_userns_clone": ("0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
    "/proc/sys/user/max_user_namespaces": ("0", "sudo sysctl -w user.max_user_namespaces=15000"),
}
"""Kernel settings that forbid user namespaces, and what allows them."""

_CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")
_IN_A_CONTAINER = "docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined ..."
_TIME_LIMIT_S = 20


def try_out(backend: Backend, writable: tuple[Path, ...] = ()) -> Availability:
    """Prepare a wall and start a runner behind it that is given nothing to do: it must come up and end by itself."""
    ours, theirs = socket.socketpair()
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  # not a path of the project
        wall = backend.prepare(View(Path(sys.executable), Mounts(system_mounts(), writable)))
        try:
            process = wall.start(Spec(Path("/"), theirs.fileno(), nowhere.fileno(), nowhere.fileno()))
            theirs.close()
            ours.close()  # no start frame will come
            return _judged(process)
        finally:
            wall.close()


def _judged(process: Process) -> Availability:
    try:
        found = process.wait(_TIME_LIMIT_S)
    except TimeoutError:
        process.kill()
        return Availability(works=False, why=f"the runner did not come up within {_TIME_LIMIT_S} s")
    if found.code == 0:
        return Availability(works=True)
    why = found.text.removeprefix("the sandbox could not be built: ")
    return Availability(works=False, why=why or f"the runner ended with {found.code}")


def mend_namespaces() -> str:
    """The command that allows user namespaces here, if one is known."""
    for path, (forbidding, command) in _SWITCHES.items():
        with contextlib.suppress(OSError):
            if Path(path).read_text().strip() == forbidding:
                return command
    if any(Path(mark).exists() for mark in _CONTAINER_MARKS):
        return _IN_A_CONTAINER
    return ""
