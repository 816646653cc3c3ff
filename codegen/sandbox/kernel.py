"""The one place that calls libc by hand. Every failure is an OSError that names the call."""

from __future__ import annotations

import ctypes
import os


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


def prctl(option: int, argument: int = 0) -> None:
    """Set a property of this process."""
    invoke("prctl", option, argument, 0, 0, 0)


def address(buffer: bytes) -> int:
    """Where a bytes object's data lies; valid as long as the object lives."""
    return ctypes.cast(ctypes.c_char_p(buffer), ctypes.c_void_p).value or 0


def _argument(value: int | bytes | None) -> ctypes.c_long | ctypes.c_char_p | None:
    return ctypes.c_long(value) if isinstance(value, int) else None if value is None else ctypes.c_char_p(value)
