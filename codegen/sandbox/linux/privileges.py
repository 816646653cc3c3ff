"""What a process gives up, for good, before a script runs in it."""

from __future__ import annotations

import struct

from codegen.sandbox.linux.kernel import address, invoke, prctl

_PDEATHSIG, _SET_DUMPABLE, _SET_SECCOMP, _DROP_BOUNDING = 1, 4, 22, 24
_SUBREAPER, _NO_NEW_PRIVS, _AMBIENT, _CLEAR_AMBIENT = 36, 38, 47, 4
_CAPABILITIES_V3 = 0x20080522
_FILTER = 2


def die_with_parent(signal_number: int) -> None:
    """Be sent this signal when the thread that started this process ends."""
    prctl(_PDEATHSIG, signal_number)


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own."""
    prctl(_SUBREAPER, 1)


def set_dumpable(yes: bool) -> None:  # noqa: FBT001  # a switch of the kernel
    """Allow or refuse others of the same user to read this process through /proc and ptrace."""
    prctl(_SET_DUMPABLE, int(yes))


def drop_capabilities() -> None:
    """Give up every capability, and every way to gain one by exec."""
    for capability in range(64):
        try:
            prctl(_DROP_BOUNDING, capability)
        except OSError:
            break  # past the last one that this kernel knows
    try:  # noqa: SIM105  # `contextlib` would cost each cold start 1 ms
        prctl(_AMBIENT, _CLEAR_AMBIENT)
    except OSError:
        pass  # gVisor has none; and none outlives the sets that are emptied next
    invoke("capset", struct.pack("=Ii", _CAPABILITIES_V3, 0), bytes(24))
    prctl(_NO_NEW_PRIVS, 1)


def install_filter(program: bytes) -> None:
    """Hold every later system call against a seccomp program (see `seccomp.program`); needs no_new_privs."""
    header = struct.pack("@HP", len(program) // 8, address(program))
    invoke("prctl", _SET_SECCOMP, _FILTER, address(header), 0, 0)
