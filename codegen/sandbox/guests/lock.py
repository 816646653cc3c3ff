"""A lock around an interpreter that is a wall by itself, should somebody ever break out of it."""

from __future__ import annotations

import os

from codegen.sandbox.linux import landlock, privileges

_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")


def lock(readable: list[str]) -> int:
    """From here on this process and its children read only these paths, write nothing and gain no right.

    Gives the Landlock version that holds it, 0 where the kernel has none: then the interpreter stands alone.
    """
    if not landlock.version():
        return 0
    privileges.drop_capabilities()
    shown = [path for path in (*readable, *_DEVICES) if os.path.exists(path)]  # noqa: PTH110
    return landlock.restrict(shown, ["/dev/null"])
