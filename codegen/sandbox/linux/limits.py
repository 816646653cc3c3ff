"""Limits that the kernel holds for each process by itself."""

from __future__ import annotations

import resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from codegen.sandbox.plan import Bounds


def apply(bounds: Bounds, *, own_user_namespace: bool) -> None:
    """Set them for this process and its children, never above what it already has.

    RLIMIT_NPROC counts every process of the user outside a user namespace of our own, so it is set only in one. The
    core limit is 1, not 0: with 0 the kernel still starts the host's core handler (core(5)), with 1 it doesn't.
    """
    wanted = {
        resource.RLIMIT_CPU: bounds["cpu_s"],
        resource.RLIMIT_DATA: bounds["memory_bytes"],
        resource.RLIMIT_FSIZE: bounds["file_bytes"],
        resource.RLIMIT_NOFILE: bounds["open_files"],
        resource.RLIMIT_CORE: 1,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    if bounds["address_bytes"]:
        wanted[resource.RLIMIT_AS] = bounds["address_bytes"]
    if own_user_namespace:
        wanted[resource.RLIMIT_NPROC] = bounds["processes"] + 1  # the keeper counts too
    for kind, value in wanted.items():
        highest = resource.getrlimit(kind)[1]
        bound = value if highest == resource.RLIM_INFINITY else min(value, highest)
        # One second between SIGXCPU, which says why, and SIGKILL.
        hard = bound + 1 if kind == resource.RLIMIT_CPU and bound != highest else bound
        try:
            resource.setrlimit(kind, (bound, hard))
        except ValueError:
            if kind != resource.RLIMIT_MSGQUEUE:  # gVisor has none to set; the filter refuses mq_open anyway
                raise
