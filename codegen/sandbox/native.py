"""The wall that Linux itself offers to everybody: no package, no root, no daemon.

Namespaces with Landlock and seccomp inside them; where no namespace can be had (containers, Ubuntu 24.04, hardened
kernels), Landlock and a stricter seccomp filter alone.
"""

from __future__ import annotations

import os
import platform
import sys
from functools import cache

from codegen.sandbox.backend import Availability, View, Wall
from codegen.sandbox.forkserver import ForkServer, Kind
from codegen.sandbox.linux import landlock
from codegen.sandbox.linux.seccomp import program
from codegen.sandbox.linux.syscalls import MACHINES
from codegen.sandbox.plan import World
from codegen.sandbox.probe import mend_namespaces, try_out

WITHOUT_NAMESPACES = (
    "scripts can see that files and processes outside exist, and of a known path its size and where a link leads",
    "/tmp is a folder of the run's own, named by TMPDIR",  # noqa: S108  # words
    "the workspace's own folder can't be listed",
    "multiprocessing pools don't work",
)
"""What the wall without namespaces doesn't hold or give; tests/sandbox/siege/candidates.py names the attacks."""


class Native:
    """Probes once which of its two worlds can be had."""

    name = "native"
    confines = True

    def __init__(self) -> None:
        self._kind: str = "namespaces"

    def probe(self) -> Availability:
        """Build the whole wall once around an empty script, and the lesser one where that fails."""
        if sys.platform != "linux":
            return Availability(works=False, why=f"{platform.system()} has no namespaces", mend="run codegen on Linux")
        if os.uname().machine not in MACHINES:
            return Availability(works=False, why=f"no system call filter for {os.uname().machine}")
        self._kind = "namespaces"
        found = try_out(self)
        if found.works:
            why = "" if landlock.version() else "this kernel has no Landlock; namespaces alone hold the files"
            return Availability(works=True, why=why)
        self._kind = "landlock"
        lesser = try_out(self)
        if not lesser.works:
            return Availability(works=False, why=f"{found.why}; {lesser.why}", mend=mend_namespaces())
        why = f"no namespaces: {found.why}"
        return Availability(works=True, why=why, mend=mend_namespaces(), weaker=WITHOUT_NAMESPACES)

    def prepare(self, view: View) -> Wall:
        """See `Backend.prepare`."""
        world: World = {
            "kind": "landlock" if self._kind == "landlock" else "namespaces",
            "read_only": [os.fspath(path) for path in view.mounts.read_only],
            "writable": [os.fspath(path) for path in view.mounts.writable],
            "filter": _filter(os.uname().machine, self._kind),
        }
        return ForkServer(view, Kind(world))


@cache
def _filter(machine: str, kind: str) -> str:
    signals_are_scoped = landlock.version() >= landlock.SCOPES_SIGNALS
    return program(MACHINES[machine], alone=kind == "namespaces", signals_are_scoped=signals_are_scoped).hex()
