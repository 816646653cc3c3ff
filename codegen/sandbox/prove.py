"""Whether a sandbox that brings its own interpreter works here: by a script that it must run rightly."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from pathlib import Path

from codegen.sandbox.backend import Availability, Backend, Mounts, Process, Spec, View

_SOURCE = "def main():\n    return sum(range(10))\n"
_RESULT = 45
_LONGEST = 1 << 16
_TIME_LIMIT_S = 60


def prove(backend: Backend, time_limit: float = _TIME_LIMIT_S) -> Availability:
    """Prepare a wall, run a script of two lines behind it, and compare what it returned; `time_limit` in seconds."""
    ours, theirs = socket.socketpair()
    with open(os.devnull, "wb") as nowhere, ours:  # noqa: PTH123  # not a path of the project
        wall = backend.prepare(View(Path(sys.executable), Mounts(())))
        try:
            process = wall.start(Spec(Path("/"), theirs.fileno(), nowhere.fileno(), nowhere.fileno()))
            theirs.close()
            with contextlib.suppress(ConnectionError):
                ours.sendall(_frame())
            return _judged(process, ours, time_limit)
        finally:
            wall.close()


def _frame() -> bytes:
    start = {"source": _SOURCE, "file": "/probe.py", "argv": [], "path": ["/"], "arguments": None, "call_main": True}
    body = json.dumps({"start": start}).encode()
    return len(body).to_bytes(4, "big") + body


def _judged(process: Process, channel: socket.socket, time_limit: float) -> Availability:
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
    failure = said.get("failure", {}).get("message", "") if isinstance(said, dict) else ""
    return Availability(works=False, why=failure or found.text or f"a script of two lines ended with {found.code}")
