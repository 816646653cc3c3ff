"""The strongest world: namespaces of its own, in which each run has its own again; Landlock and seccomp inside."""

from __future__ import annotations

import os

from codegen.sandbox.inside import warden
from codegen.sandbox.inside.given import Given
from codegen.sandbox.linux import namespaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from codegen.sandbox.plan import Request, World

_HEAD_START = 10


class Isolated(Given):
    """Shows the listed paths and nothing else; a run in it sees no process but its own."""

    flags = namespaces.OF_A_RUN
    shelters = True
    once = False

    def __init__(self, wanted: World) -> None:
        super().__init__(wanted)
        is_root = os.getuid() == 0  # whom RLIMIT_NPROC doesn't bind
        self.tick_ms = warden.QUICK_TICK_MS if is_root else warden.TICK_MS
        if is_root:
            _take_head_start()
        namespaces.enter()
        self._masked = namespaces.roots_alone()
        self._view = namespaces.build_root(wanted)

    def enter(self, request: Request) -> None:
        namespaces.renew(self._view, request["limits"]["scratch_bytes"], self._masked)
        super().enter(request)


def _take_head_start() -> None:
    """A fork bomb must not keep the keeper, which alone bounds root's processes, from its turn."""
    try:
        os.nice(-_HEAD_START)
    except PermissionError:  # a container's root
        return
