"""The strongest world: namespaces of its own, in which each run has its own again; Landlock and seccomp inside."""

from __future__ import annotations

import os

from codegen.sandbox import landlock, limits, namespaces, privileges, warden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.sandbox.plan import Request, World

_HEAD_START = 10
_DEVICES = ["/dev/null", "/dev/zero", "/dev/full"]


class Isolated:
    """Shows the listed paths and nothing else; a run in it sees no process but its own."""

    flags = namespaces.OF_A_RUN
    shelters = True

    def __init__(self, wanted: World) -> None:
        self.writable = wanted["writable"]
        self._filter = bytes.fromhex(wanted["filter"])
        is_root = os.getuid() == 0  # whom RLIMIT_NPROC doesn't bind
        self.tick_ms = warden.QUICK_TICK_MS if is_root else warden.TICK_MS
        self._head_start = _take_head_start() if is_root else 0
        namespaces.enter()
        self._view = namespaces.build_root(wanted)

    def enter(self, request: Request) -> None:
        namespaces.renew(self._view, request["limits"]["scratch_bytes"])
        os.chdir(request["cwd"])
        limits.apply(request["limits"], own_user_namespace=True)
        privileges.drop_capabilities()
        landlock.restrict(["/"], ["/tmp", "/dev/shm", *_DEVICES, *self.writable])  # noqa: S108
        privileges.install_filter(self._filter)
        privileges.set_dumpable(False)  # the script runs as the same user and must not reach the keeper's memory

    def confine_script(self) -> None:
        privileges.set_dumpable(True)
        os.nice(self._head_start)

    def members(self) -> Iterable[int]:
        return warden.everyone()

    def leave(self) -> None:
        """The world ends with its first process."""


def _take_head_start() -> int:
    """A fork bomb must not keep the keeper, which alone bounds root's processes, from its turn."""
    try:
        os.nice(-_HEAD_START)
    except PermissionError:  # a container's root
        return 0
    return _HEAD_START
