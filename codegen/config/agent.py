"""What differs when a coding agent gives the command: it works in one workspace, on scripts, and approves nothing.

Its shell may be free (Claude Code sets CLAUDECODE there) or confined (then `runtime.door` sets CODEGEN_AGENT). What it
may do unasked must not lead further: a second mcp.json in a folder that it wrote would start any program on `sync`, and
the message on a file that is no Python shows lines of it.
"""

from __future__ import annotations

import os
import sys

from codegen.config.paths import is_agent
from codegen.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

_GET_PATH = 50
"""macOS: fcntl's F_GETPATH, which Python's module has no name for before 3.13."""


def read_script(file: str | Path, root: str | os.PathLike[str]) -> str:
    """The text of a script; an agent's must be a .py file of the workspace, in no hidden folder.

    Raises OSError, UnicodeDecodeError, UsageError. What is judged is the file that was opened, not its name: a link
    may be laid elsewhere between two looks.
    """
    with open(file, encoding="utf-8-sig") as opened:  # noqa: PTH123
        if is_agent() and not _is_script(_place_of(opened, file), root):
            raise UsageError(f"{file} is no script of this workspace", hint="an agent's scripts are .py files in it")
        return opened.read()


def _is_script(place: str, root: str | os.PathLike[str]) -> bool:
    below = os.path.relpath(place, root)  # begins with a dot, too, when it leads out of the workspace
    return place.endswith(".py") and not below.startswith(".") and f"{os.sep}." not in below


def _place_of(opened: TextIO, file: str | Path) -> str:
    if sys.platform == "linux":
        return os.readlink(f"/proc/self/fd/{opened.fileno()}")  # noqa: PTH115 - no pathlib on the way of a search
    if sys.platform == "darwin":
        import fcntl

        return fcntl.fcntl(opened.fileno(), _GET_PATH, bytes(1024)).rstrip(b"\0").decode()
    return os.path.realpath(file)
