"""`python lesser_machine.py namespaces[,landlock] COMMAND…` runs a command as on a machine that denies them.

By seccomp, as a container's own filter does it: unshare and clone with any new namespace are refused, clone3 seems
absent, so that its callers fall back; Landlock seems to be in no kernel.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
from collections.abc import Iterator

from codegen.sandbox.linux.kernel import prctl
from codegen.sandbox.linux.privileges import install_filter
from codegen.sandbox.linux.syscalls import MACHINES

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NO_NEW_PRIVILEGES = 38
_NEW_NAMESPACE = 0x7E020080
_NUMBER, _FIRST_ARGUMENT = 0, 16

Instruction = tuple[int, int, int, int]


def _refuse(name: str, error: int) -> Iterator[Instruction]:
    number = MACHINES[os.uname().machine].number(name)
    assert number is not None
    yield from ((_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | error))


def _denials(what: list[str]) -> Iterator[Instruction]:
    yield (_LOAD, 0, 0, _NUMBER)
    if "landlock" in what:
        yield from _refuse("landlock_create_ruleset", errno.ENOSYS)
    if "namespaces" in what:
        yield from _refuse("unshare", errno.EPERM)
        yield from _refuse("setns", errno.EPERM)
        yield from _refuse("clone3", errno.ENOSYS)
        clone = MACHINES[os.uname().machine].number("clone")
        assert clone is not None
        yield (_EQUAL, 0, 3, clone)
        yield (_LOAD, 0, 0, _FIRST_ARGUMENT)
        yield (_ANY_BIT, 0, 1, _NEW_NAMESPACE)
        yield (_RETURN, 0, 0, _ERRNO | errno.EPERM)
    yield (_RETURN, 0, 0, _ALLOW)


def main(words: list[str]) -> None:
    denied, *command = words
    prctl(_NO_NEW_PRIVILEGES, 1)
    install_filter(b"".join(struct.pack("=HBBI", *each) for each in _denials(denied.split(","))))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
