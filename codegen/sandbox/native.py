"""The wall that Linux itself offers to everybody: namespaces, Landlock, seccomp and limits; no package, no root."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache

from codegen.sandbox import landlock
from codegen.sandbox.backend import Availability, Spec
from codegen.sandbox.probe import try_out
from codegen.sandbox.process import Process
from codegen.sandbox.seccomp import program
from codegen.sandbox.start import launch
from codegen.sandbox.syscalls import MACHINES


class Native:
    """Linux namespaces with Landlock and seccomp inside them."""

    name = "native"
    confines = True

    def probe(self) -> Availability:
        """Build the whole wall once around an empty script.

        Landlock is its second lock on files, which mounts hold already: a kernel without it is no reason to refuse.
        """
        if sys.platform != "linux":
            return Availability(works=False, why=f"{platform.system()} has no namespaces", mend="run codegen on Linux")
        if os.uname().machine not in MACHINES:
            return Availability(works=False, why=f"no system call filter for {os.uname().machine}")
        found = try_out(self)
        if found.works and not landlock.version():
            return Availability(works=True, why="this kernel has no Landlock; namespaces alone hold the files")
        return found

    def start(self, spec: Spec) -> Process:
        """See `Backend.start`."""
        return launch(
            spec,
            {
                "read_only": [os.fspath(path) for path in spec.mounts.read_only],
                "writable": [os.fspath(path) for path in spec.mounts.writable],
                "scratch_bytes": spec.limits.scratch_bytes,
                "filter": _filter(os.uname().machine),
            },
        )


@cache
def _filter(machine: str) -> str:
    return program(MACHINES[machine]).hex()
