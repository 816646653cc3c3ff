"""The second lock on files: should the view ever be wrong, only the writable paths can be written.

https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import os
import stat
import struct

from codegen.sandbox.linux.kernel import syscall

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
SCOPES_SIGNALS = 6
"""The first version that keeps signals within."""

_ASK_VERSION, _PATH_BENEATH = 1, 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_MAKE_SOCK, _MAKE_FIFO, _MAKE_SYM, _REFER, _TRUNCATE = 1 << 9, 1 << 10, 1 << 12, 1 << 13, 1 << 14
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_WRITE = _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _MAKE_SOCK | _MAKE_FIFO | _MAKE_SYM | _REFER
_READ_WRITE = _READ | _WRITE | _WRITE_FILE | _TRUNCATE
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE


def version() -> int:
    """The kernel's Landlock version; 0 where it has none or it is switched off."""
    try:
        return syscall("landlock_create_ruleset", _CREATE, None, 0, _ASK_VERSION)
    except OSError:
        return 0


def restrict(readable: list[str], writable: list[str], *, newest: int = 99) -> int:
    """Bind this process and its children for good; needs no_new_privs. Gives the version that was used, 0 for none."""
    level = min(version(), newest)
    if level < 1:
        return 0
    handled = (1 << _known_rights(level)) - 1
    # From version 4: TCP bind and connect, refused; from version 6: abstract sockets and signals stay within.
    attributes = struct.pack("=QQQ", handled, 3 if level >= 4 else 0, 3 if level >= 6 else 0)
    size = 24 if level >= 6 else 16 if level >= 4 else 8
    rules = syscall("landlock_create_ruleset", _CREATE, attributes, size, 0)
    try:
        for path in readable:
            _allow(rules, path, _READ & handled)
        for path in writable:
            _allow(rules, path, _READ_WRITE & handled)
        syscall("landlock_restrict_self", _RESTRICT, rules, 0)
    finally:
        os.close(rules)
    return level


def _known_rights(level: int) -> int:
    return {1: 13, 2: 14, 3: 15, 4: 15}.get(level, 16)


def _allow(rules: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _OF_A_FILE
        syscall("landlock_add_rule", _ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)
