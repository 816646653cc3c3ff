"""The interpreter that scripts find: its search path, its packages, and what a fork must not share"""

from __future__ import annotations

import os
import site
import sys

_PACKAGES: list[str] = []


def settle(packages: list[str]) -> None:
    """Make this interpreter what `python script.py` would have been, with these folders of packages before its own.

    As in any environment they come after the standard library. What their .pth files say waits for the run itself.
    """
    sys.dont_write_bytecode = True  # the modules in sight are read-only
    standard = len(sys.path)
    site.main()
    sys.path[standard:standard] = packages
    _PACKAGES[:] = packages
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]


def renew_randomness() -> None:
    """What was imported ahead has drawn its seed already; `random` renews its own after a fork."""
    random = sys.modules.get("numpy.random")
    if random is not None:
        random.seed()


def read_path_files() -> None:
    """The .pth files of packages may hold code, whose place is here, behind the wall; nearly no package has one."""
    for folder in _PACKAGES:
        if any(name.endswith(".pth") for name in os.listdir(folder)):
            before = len(sys.path)
            site.addsitedir(folder, set(sys.path))
            more = sys.path[before:]
            del sys.path[before:]
            place = sys.path.index(folder) + 1
            sys.path[place:place] = more
