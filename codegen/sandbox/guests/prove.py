"""Whether a sandbox that brings its own interpreter works here: by a script that it must run rightly."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import tempfile
from pathlib import Path
from typing import IO

from codegen.sandbox.backend import Availability, Backend, Mounts, Process, Spec, View

_SOURCE = "def main():\n    return sum(range(10))\n"
_RESULT = 45
_LONGEST = 1 << 16
_TIME_LIMIT_S = 60


def prove(backend: Backend, time_limit: float = _TIME_LIMIT_S) -> Availability:
    """Prepare a wall, run a script of two lines behind it, and compare what it returned; `time_limit` in seconds."""
    ours, theirs = socket.socketpair()
    with tempfile.TemporaryFile() as said, ours:
        wall = backend.prepare(View(Path(sys.executable), Mounts(())))
        try:
            process = wall.start(Spec(Path("/"), theirs.fileno(), said.fileno(), said.fileno()))
            theirs.close()
            with contextlib.suppress(ConnectionError):
                ours.sendall(_frame())
            return _judged(process, ours, said, time_limit)
        finally:
            wall.close()


def _frame() -> bytes:
    start = {"source": _SOURCE, "file": "/probe.py", "argv": [], "path": ["/"], "arguments": None, "call_main": True}
    body = json.dumps({"start": start}).encode()
    return len(body).to_bytes(4, "big") + body


def _judged(process: Process, channel: socket.socket, printed: IO[bytes], time_limit: float) -> Availability:
    try:
        found = process.wait(time_limit)
    except TimeoutError:
        process.kill()
        return Availability(works=False, why=f"a script of two lines did not end within {time_limit:g} s")
    channel.settimeout(0)
    said: object = None
    with contextlib.suppress(OSError, ValueError):
        said = json.loads(channel.recv(_LONGEST)[4:])
    if isinstance(said, dict) and said.get("result") == _RESULT and found.code == 0:
        return Availability(works=True)
    printed.seek(0)
    lines = printed.read(_LONGEST).decode(errors="replace").splitlines()
    error = next((line.strip() for line in lines if "rror: " in line), "")
    return Availability(works=False, why=error or found.text or f"a script of two lines ended with {found.code}")
