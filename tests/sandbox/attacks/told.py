"""How an attack is written and how it tells. This folder runs inside a sandbox, against decoys made outside.

An attack is a function of the decoys. What it gives says what it got; nothing, or an OSError, says that it was held.
Each runs in a forked child, so that one which is ended by the wall, or damages its own process, is one verdict and no
more. Standard library only: inside there may be nothing else.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import select
from collections.abc import Callable
from types import ModuleType
from typing import Any

THROUGH, HELD, UNCLEAR = "through", "held", "unclear"
Decoys = dict[str, Any]
Verdict = tuple[str, str]
PATIENCE_S = 10
_LONGEST = 200


class Attack:
    """A named attack; `rights` and `may_lack` say when it may fail without a wall, so that nothing is proven by it."""

    def __init__(self, function: Callable[[Decoys], object], *, rights: str = "", may_lack: str = "") -> None:
        self.function, self.rights, self.may_lack = function, rights, may_lack


def attack(*, rights: str = "", may_lack: str = "") -> Callable[[Callable[[Decoys], object]], Attack]:
    """`rights`: whose it takes (root) on a bare machine; `may_lack`: what a kernel may have been built without."""
    return lambda function: Attack(function, rights=rights, may_lack=may_lack)


def attacks_of(group: ModuleType) -> dict[str, Attack]:
    return {name: value for name, value in vars(group).items() if isinstance(value, Attack)}


def run(group: ModuleType, decoys: Decoys) -> dict[str, Verdict]:
    """Every attack of a group, one after another."""
    return {name: run_one(one, decoys) for name, one in attacks_of(group).items()}


def run_one(one: Attack, decoys: Decoys) -> Verdict:
    """One attack, in a child."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        os.write(theirs, json.dumps(_tried(one.function, decoys)).encode())
        os._exit(0)
    os.close(theirs)
    try:
        if not select.select([ours], [], [], PATIENCE_S)[0]:
            os.kill(pid, 9)
            return UNCLEAR, f"no answer within {PATIENCE_S} s"
        said = os.read(ours, 1 << 16)
    finally:
        os.close(ours)
        status = os.waitpid(pid, 0)[1]
    if not said:
        return HELD, f"ended with {os.waitstatus_to_exitcode(status)}"
    verdict, words = json.loads(said)
    return verdict, words


def _tried(function: Callable[[Decoys], object], decoys: Decoys) -> Verdict:
    try:
        got = function(decoys)
    except OSError as error:
        return HELD, f"{errno.errorcode.get(error.errno or 0, error.errno)} {error.strerror}"
    except Exception as error:  # a fault of the attack's own, which must not look like a wall
        return UNCLEAR, repr(error)[:_LONGEST]
    return (THROUGH, str(got)[:_LONGEST]) if got else (HELD, "got nothing")


_LIBC = ctypes.CDLL(None, use_errno=True)


def call(decoys: Decoys, name: str, *arguments: object) -> int:
    """Make a system call by its name; raises OSError."""
    ctypes.set_errno(0)
    number = decoys["calls"][name]
    if number is None:
        raise OSError(errno.ENOSYS, f"this machine never had {name}")
    result = _LIBC.syscall(ctypes.c_long(number), *(_argument(each) for each in arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return int(result)


def _argument(value: object) -> Any:
    return ctypes.c_long(value) if isinstance(value, int) else value


def reaches(decoys: Decoys, name: str, *arguments: object, beyond: tuple[int, ...] = ()) -> str:
    """Whether a call is made, or fails by an error that comes only after every permission was looked at."""
    try:
        return f"{name} gave {call(decoys, name, *arguments)}"
    except OSError as error:
        if error.errno in beyond:
            return f"{name} was reached: {errno.errorcode[error.errno]}"
        raise


def read(path: str, size: int = 1 << 16) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return os.read(descriptor, size)
    finally:
        os.close(descriptor)


def secret_in(data: bytes, decoys: Decoys) -> str:
    """Whether this is, or holds, the decoy secret."""
    return "the secret" if decoys["secret"].encode() in data else ""


def first(tries: list[Callable[[], object]]) -> str:
    """What the first of several ways to the same thing got; raises the last one's OSError where all were held."""
    last: OSError | None = None
    for one in tries:
        try:
            if got := one():
                return str(got)
        except OSError as error:
            last = error
    if last:
        raise last
    return ""
