"""A control group for each run, where the system has delegated some to this user: the kernel then holds the sums.

https://docs.kernel.org/admin-guide/cgroup-v2.html#delegation. systemd delegates to user sessions, and to services that
ask for it. Without it the keeper adds up what the processes of a run use, ten times a second.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from codegen.sandbox.backend import Limits

ROOT = Path("/sys/fs/cgroup")
_NEEDED = {"memory", "pids"}
_UNIFIED = "0::"


def delegated(root: Path = ROOT, membership: Path = Path("/proc/self/cgroup")) -> Path | None:
    """The nearest group above this process's own in which this user may make groups with limits; None without any.

    Its own won't do: a group with limits for its children can't hold processes itself.
    """
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    own = next((line.removeprefix(_UNIFIED) for line in lines if line.startswith(_UNIFIED)), "/")
    for folder in (root / own.strip("/")).parents:
        if not folder.is_relative_to(root):
            return None
        if _may_make_groups(folder):
            return folder
    return None


def _may_make_groups(folder: Path) -> bool:
    try:
        given = (folder / "cgroup.subtree_control").read_text(encoding="utf-8").split()
    except OSError:
        return False
    return set(given) >= _NEEDED and all(os.access(path, os.W_OK) for path in (folder, folder / "cgroup.procs"))


class Group:
    """One run's group. `procs` is for the run's first process, which moves itself in by writing 0 to it."""

    def __init__(self, above: Path, limits: Limits) -> None:
        """Raises OSError when it can't be made after all."""
        self._path = above / f"codegen-{os.getpid()}-{os.urandom(4).hex()}"
        self._path.mkdir()
        try:
            self._write("memory.max", limits.memory_bytes)
            self._write("pids.max", limits.processes + 1)  # the keeper counts too
            with contextlib.suppress(OSError):  # a kernel without swap accounting
                self._write("memory.swap.max", 0)
            self.procs = os.open(self._path / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            self.remove()
            raise

    def _write(self, name: str, value: int) -> None:
        (self._path / name).write_text(str(value), encoding="utf-8")

    @property
    def ran_out_of_memory(self) -> bool:
        """Whether the kernel has killed a process of it for memory."""
        try:
            events = (self._path / "memory.events").read_text(encoding="utf-8")
        except OSError:
            return False
        return any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in events.splitlines())

    def remove(self) -> None:
        """Once all processes of it have ended; idempotent."""
        with contextlib.suppress(OSError):
            self._path.rmdir()


def group_for(limits: Limits, above: Path | None) -> Group | None:
    """None where there is none to be had, any more: the keeper holds the sums as well as it can."""
    if above is not None:
        with contextlib.suppress(OSError):
            return Group(above, limits)
    return None
