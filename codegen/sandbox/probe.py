"""Whether a wall holds on this machine, by building one; and if not, why not and what to do."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from codegen.sandbox.backend import Availability, Backend, Mounts, Spec, ending
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


def try_out(backend: Backend) -> Availability:
    """Start a runner and give it nothing to do: it must come up behind a whole wall and end by itself."""
    ours, theirs = socket.socketpair()
    read, write = os.pipe()
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  # not a path of the project
            spec = Spec(
                python=Path(sys.executable),
                mounts=Mounts(system_mounts()),
                cwd=Path("/"),
                channel=theirs.fileno(),
                stdout=nowhere.fileno(),
                stderr=write,
            )
            process = backend.start(spec)
        ours.close()
        os.close(write)
        write = -1
        try:
            code = process.wait(_TIME_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return Availability(works=False, why=f"the runner did not come up within {_TIME_LIMIT_S} s")
        said = os.read(read, 1 << 16).decode(errors="replace").strip()
    finally:
        for end in (ours, theirs):
            end.close()
        for descriptor in (read, write):
            with contextlib.suppress(OSError):
                os.close(descriptor)
    if code == 0:
        return Availability(works=True)
    why = said.splitlines()[-1].removeprefix("codegen: no sandbox: ") if said else ending(code).text
    return Availability(works=False, why=why or f"the runner ended with {code}", mend=_mend())


def _mend() -> str:
    """The command that allows user namespaces here, if one is known."""
    for path, (forbidding, command) in _SWITCHES.items():
        with contextlib.suppress(OSError):
            if Path(path).read_text().strip() == forbidding:
                return command
    if any(Path(mark).exists() for mark in _CONTAINER_MARKS):
        return _IN_A_CONTAINER
    return ""
