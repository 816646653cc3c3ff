"""The one place that calls libc by hand. Every failure is an OSError that names the call."""

from __future__ import annotations

import ctypes
import os

_CLONE = {"x86_64": 56, "aarch64": 220}
_CHILD_ENDED = 17  # SIGCHLD


class _Libc:
    """libc, opened on first use."""

    handle: ctypes.CDLL | None = None


def _libc() -> ctypes.CDLL:
    if _Libc.handle is None:
        _Libc.handle = ctypes.CDLL(None, use_errno=True)
    return _Libc.handle


def invoke(name: str, *arguments: int | bytes | None) -> int:
    """Call a libc function: integers go as long, bytes as a pointer to them, None as NULL."""
    result = getattr(_libc(), name)(*map(_argument, arguments))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{os.strerror(number)} ({name})")
    return int(result)


def syscall(name: str, number: int, *arguments: int | bytes | None) -> int:
    """Make a system call that libc may have no function for. Only numbers from 424 on are the same on every machine."""
    try:
        return invoke("syscall", number, *arguments)
    except OSError as error:
        raise OSError(error.errno, f"{os.strerror(error.errno or 0)} ({name})") from None


def fork_into(flags: int) -> int:
    """Fork as `os.fork` does, the child in new namespaces (clone(2)): 0 in the child, its pid in the parent."""
    if not flags:
        return os.fork()
    api = ctypes.pythonapi
    call = ctypes.PyDLL(None, use_errno=True).syscall  # keeps the interpreter's lock over the fork, as os.fork does
    number = ctypes.c_long(_CLONE[os.uname().machine])
    nothing = ctypes.c_void_p(None)
    api.PyOS_BeforeFork()
    pid = call(number, ctypes.c_ulong(flags | _CHILD_ENDED), nothing, nothing, nothing, nothing)
    (api.PyOS_AfterFork_Parent if pid else api.PyOS_AfterFork_Child)()
    if pid < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{os.strerror(error)} (clone)")
    return int(pid)


def prctl(option: int, argument: int = 0) -> None:
    """Set a property of this process."""
    invoke("prctl", option, argument, 0, 0, 0)


def address(buffer: bytes) -> int:
    """Where a bytes object's data lies; valid as long as the object lives."""
    return ctypes.cast(ctypes.c_char_p(buffer), ctypes.c_void_p).value or 0


def _argument(value: int | bytes | None) -> ctypes.c_long | ctypes.c_char_p | None:
    return ctypes.c_long(value) if isinstance(value, int) else None if value is None else ctypes.c_char_p(value)
