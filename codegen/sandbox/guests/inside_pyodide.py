"""The runner where scripts are run by pyodide: starts deno, and carries bytes between it and the run's descriptors.

What deno says comes in packets: one byte that tells the descriptor (1, 2, or 3 for the channel; 0 is a snapshot), four
of length, big-endian, and that many. What the channel says goes to deno as it is, after the set-up.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

from codegen.sandbox import view
from codegen.sandbox.guests import lock, pyodide_files, pyodide_snapshot
from codegen.sandbox.inside import interpreter, runner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any, NoReturn

LEAST_MEMORY = 768 << 20
"""Bytes: V8 reserves what it will hardly use (measured: it starts with 700 MB and not with 600), under RLIMIT_DATA."""

_MIB = LEAST_MEMORY >> 20
OFTEN_USED: tuple[str, ...] = ()
_SANDBOX = Path(__file__).resolve().parents[1]
_GUEST = _SANDBOX / "guests" / "pyodide_guest.js"
_INSIDE = (
    "__init__.py",
    "guests/__init__.py",
    "guests/pyodide_prologue.py",
    "inside/__init__.py",
    "inside/interpreter.py",
    "inside/jsonable.py",
    "inside/runner.py",
    "plain_json.py",
)
_OURS = "/codegen"
_IMPORT = (
    f"import sys; sys.path.insert(0, {_OURS!r}); from codegen.sandbox.guests import pyodide_prologue; pyodide_prologue"
)
_PERMISSIONS = (
    "--no-prompt",
    "--no-remote", "--no-npm", "--cached-only", "--no-config", "--no-lock", "--no-code-cache",
    "--node-modules-dir=none",
    "--deny-net", "--deny-import", "--deny-env", "--deny-sys", "--deny-run", "--deny-ffi", "--deny-write",
)  # fmt: skip
"""Nothing is asked, nothing is fetched, nothing is looked for. That an import counts as a permission of its own, with
hosts allowed by default, and npm and jsr as none, is why so much is named."""

_ENVIRONMENT = {"DENO_DIR": "/dev/null/deno", "DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1", "PATH": "/usr/bin:/bin"}
"""A cache that can't be made: deno would keep localStorage, caches and compiled code from one run to the next."""

_OUT_OF_MEMORY = {signal.SIGTRAP, signal.SIGABRT}
"""How V8 ends itself then."""

_HEAP = "--v8-flags=--max-old-space-size=256"  # MiB, for JavaScript: Python's memory is another
_SNAPSHOT_LIMIT_S = 120
_PACKET = 5
_SNAPSHOT, _CHANNEL = 0, 3
_CHUNK = 1 << 20


class _Kept:
    """What is the same for all runs, from `settle` on."""

    pyodide = Path()
    deno = ""
    snapshot = b""


def settle(packages: list[str]) -> None:
    """`packages` are pyodide's folder, deno's binary, and a folder to keep a memory snapshot in.

    Every run starts from one: without, it takes ten times as long. What it was made from is in its name.
    """
    interpreter.settle([])
    folder, _Kept.deno, cache = packages
    _Kept.pyodide = Path(folder)
    _Kept.snapshot = pyodide_snapshot.kept(Path(cache), _origins(), _made)


def _origins() -> list[Path]:
    """What a snapshot depends on."""
    parts = (_Kept.pyodide / name for name in ("package.json", "pyodide.asm.wasm", "python_stdlib.zip"))
    return [*parts, Path(_Kept.deno), _GUEST, *(_SANDBOX / name for name in _INSIDE)]


def _made() -> bytes:
    """A fresh snapshot; empty where it can't be made: the run will say what is wrong, or do without."""
    setup = {"snapshot": 0, "files": _own_files(), "code": f"{_IMPORT}.settle()"}
    try:
        done = subprocess.run(
            _command(),
            input=_packed(setup),
            env=_ENVIRONMENT,
            capture_output=True,
            timeout=_SNAPSHOT_LIMIT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return b""
    head, found = done.stdout[:_PACKET], done.stdout[_PACKET:]
    return found if head == bytes([_SNAPSHOT]) + len(found).to_bytes(4, "big") else b""


def run(channel: int) -> NoReturn:
    """See `inside.run`."""
    frame = runner.read_frame(channel)
    code = 0 if frame is None else _run(frame, (channel, os.environ.get("CODEGEN_TOKEN", "")))
    os._exit(code & 0xFF)


def _run(frame: dict[str, Any], door: tuple[int, str]) -> int:
    """The exit status."""
    if resource.getrlimit(resource.RLIMIT_DATA)[0] < LEAST_MEMORY:
        return _refused(door, f'pyodide needs a memory limit of {_MIB} MiB: memory = "{_MIB}MiB" under [sandbox]')
    setup = _setup(frame["start"])
    lock.lock([*map(os.fspath, view.system_mounts()), _Kept.deno, os.fspath(_GUEST), os.fspath(_Kept.pyodide)])
    deno = subprocess.Popen(_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_ENVIRONMENT)
    assert deno.stdin
    assert deno.stdout
    body = json.dumps(frame).encode()
    first = _packed(setup) + _Kept.snapshot + len(body).to_bytes(4, "big") + body
    threading.Thread(target=_feed, args=(deno.stdin, first, door[0]), daemon=True).start()
    _forward(deno.stdout, door[0])
    status = deno.wait()
    if -status in _OUT_OF_MEMORY:
        return _refused(door, "the interpreter ended, as it does when it runs out of memory")
    if status < 0:  # the keeper knows what SIGXCPU says
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    return status


def _setup(start: dict[str, Any]) -> dict[str, Any]:
    workspace = os.path.abspath((start["path"] or ["."])[0])  # noqa: PTH100
    environment = {**os.environ, "CODEGEN_CHANNEL": str(_CHANNEL), "CODEGEN_WORKSPACE": workspace}
    return {
        "snapshot": len(_Kept.snapshot) or None,
        "files": {**_own_files(), **pyodide_files.read(Path(workspace), start["source"])},
        "code": f"{_IMPORT}.run({workspace!r}, {environment!r})",
    }


def _refused(door: tuple[int, str], why: str) -> int:
    sys.stderr.write(f"{why}\n")
    sys.stderr.flush()
    runner.send(door, {"failure": {"type": "MemoryError", "message": why, "line": None}})
    return 1


def _command() -> list[str]:
    return [_Kept.deno, "run", "--quiet", _HEAP, *_PERMISSIONS, f"--allow-read={_Kept.pyodide}", os.fspath(_GUEST)]


def _own_files() -> dict[str, str]:
    """Ours that run in there, by where they lie there."""
    files = {f"{_OURS}/codegen/sandbox/{name}": (_SANDBOX / name).read_text(encoding="utf-8") for name in _INSIDE}
    return {f"{_OURS}/codegen/__init__.py": "", **files}


def _packed(setup: dict[str, Any]) -> bytes:
    body = json.dumps({"pyodide": f"{_Kept.pyodide.as_uri()}/", **setup}).encode()
    return len(body).to_bytes(4, "big") + body


def _feed(stdin: IO[bytes], first: bytes, channel: int) -> None:
    """Everything that the channel says, until either end is gone."""
    try:
        stdin.write(first)
        stdin.flush()
        while part := os.read(channel, _CHUNK):
            stdin.write(part)
            stdin.flush()
        stdin.close()
    except OSError:
        return


def _forward(stdout: IO[bytes], channel: int) -> None:
    """Give each packet to its descriptor as it comes: its length is the script's word, so it is never held whole."""
    places = {1: 1, 2: 2, _CHANNEL: channel}
    while len(header := stdout.read(_PACKET)) == _PACKET:
        left = int.from_bytes(header[1:], "big")
        while left and (part := stdout.read(min(left, _CHUNK))):
            left -= len(part)
            if header[0] in places:
                _write(places[header[0]], part)


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError:
        return  # nobody listens any more
