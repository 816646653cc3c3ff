"""The world that another sandbox's command has built around its only run: files and namespaces are there already."""

from __future__ import annotations

import os

from codegen.sandbox.inside import warden
from codegen.sandbox.linux import landlock, limits, privileges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.sandbox.plan import Request, World

_DEVICES = ["/dev/null", "/dev/zero", "/dev/full"]


class Given:
    """What is left to do is what no such command does, or does in its own way: limits, Landlock, seccomp."""

    flags = 0
    once = True
    shelters = True
    tick_ms = warden.QUICK_TICK_MS  # the outer user may be root, whom RLIMIT_NPROC doesn't bind

    def __init__(self, wanted: World) -> None:
        self.writable = wanted["writable"]
        self.scratch = ["/tmp", "/dev/shm"]  # noqa: S108  # the run's own
        self._filter = bytes.fromhex(wanted["filter"])

    def enter(self, request: Request) -> None:
        os.chdir(request["cwd"])
        limits.apply(request["limits"], own_user_namespace=True)
        privileges.drop_capabilities()
        landlock.restrict(["/"], [*_DEVICES, *self.scratch, *self.writable])
        privileges.install_filter(self._filter)
        privileges.set_dumpable(False)  # the script runs as the same user and must not reach the keeper's memory

    def confine_script(self) -> None:
        privileges.set_dumpable(True)
        os.nice(max(0, -os.getpriority(os.PRIO_PROCESS, 0)))  # the keeper alone keeps its head start

    def members(self) -> Iterable[int]:
        return warden.everyone()

    def leave(self) -> None:
        """The world ends with its first process."""
