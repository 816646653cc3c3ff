"""`python -m codegen.runtime ROOT FD` becomes the broker of a workspace, unless there is one.

The lock comes first and the imports after it: of several that commands start at once, one alone pays for the SDK.
"""

from __future__ import annotations

import fcntl
import sys
import time
from io import FileIO
from pathlib import Path

from codegen.errors import CodegenError
from codegen.runtime.client import CONFIGURATION, try_connect

JOIN_LIMIT = 20.0
"""Seconds a second broker waits for the first one, which holds the lock, to listen."""


def main(arguments: list[str]) -> int:
    """Serve until the broker retires; 0 also where another one does."""
    root, tell = Path(arguments[0]), int(arguments[1])
    lock = _lock(root)
    if lock is None:
        return 0
    import asyncio

    from codegen.runtime.broker import serve

    try:
        asyncio.run(serve(root, tell, lock))
    except CodegenError as error:
        sys.stderr.write(f"{error}\n")
        return CONFIGURATION
    return 0


def _lock(root: Path) -> FileIO | None:
    """The lock of a workspace's only broker; None once another one listens."""
    lock = FileIO(root / ".codegen" / "broker.lock", "a")
    end = time.monotonic() + JOIN_LIMIT
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if (other := try_connect(root)) is not None:
                other.close()
                return None
            if time.monotonic() > end:
                return None
            time.sleep(0.02)
        else:
            return lock


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
