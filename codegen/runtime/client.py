"""A command's way to the broker: connects, starting one when none listens. Imports nothing that a command can spare."""

from __future__ import annotations

import os
import sys

from codegen.config.paths import Workspace
from codegen.errors import BrokerError
from codegen.runtime.wire import Connection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from codegen.model import Json

SOCKET_PATH_LIMIT = 100
"""Bytes; the system's own limit for a Unix socket's path is 108 (Linux) or 104 (macOS)."""

PROTOCOL = 1
"""Of the frames between commands and broker; another number restarts the broker."""


CONFIGURATION = 2
"""Exit code of a broker that says on its log what is wrong with mcp.json or codegen.toml."""


def socket_path(root: os.PathLike[str]) -> str:
    """Where a workspace's broker listens: in .codegen, or in the user's own folder when that path is too long."""
    beside = os.path.join(root, ".codegen", "broker.sock")
    if len(os.fsencode(beside)) <= SOCKET_PATH_LIMIT:
        return beside
    from hashlib import sha256
    from pathlib import Path
    from tempfile import gettempdir

    folder = Path(gettempdir(), f"codegen-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
        raise BrokerError(f"{folder} isn't private to this user", hint="remove it, or set TMPDIR to a folder of yours")
    return os.path.join(folder, f"{sha256(os.fsencode(root)).hexdigest()[:16]}.sock")


def connect(root: os.PathLike[str]) -> Connection:
    """A connection to the workspace's broker, which is started when none listens and replaced when it is out of date.

    Raises BrokerError when that doesn't succeed.
    """
    for _ in range(5):
        connection = try_connect(root)
        if connection is None:
            _start(root)
            continue
        connection.send({"hello": PROTOCOL})
        answer = connection.receive()
        if answer is not None and not answer.get("stale") and not _supplies(answer.get("unset")):
            return connection
        if answer is not None and not answer.get("stale"):
            connection.send({"retire": True})
            connection.receive()
        connection.close()
    raise BrokerError(
        f"the broker of {os.fspath(root)} does not answer", hint=f"see {os.path.join(root, '.codegen', 'broker.log')}"
    )


def try_connect(root: os.PathLike[str]) -> Connection | None:
    """A connection to a broker that listens already, else None."""
    try:
        return Connection(socket_path(root))
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except OSError as error:
        in_sandbox = "SANDBOX_RUNTIME" in os.environ  # Claude Code's own: no Unix socket is to be had in it
        hint = "a person mends it, outside of Claude Code: codegen init, in the workspace" if in_sandbox else ""
        raise BrokerError(f"the broker's socket {socket_path(root)} can't be reached: {error}", hint=hint) from error


def _supplies(unset: Json) -> bool:
    """Whether this command's environment has a variable that the broker's lacked when it started."""
    return isinstance(unset, list) and any(isinstance(name, str) and name in os.environ for name in unset)


def _start(root: os.PathLike[str]) -> None:
    """Start a broker and wait until it listens, or until another that was started at the same time does."""
    import subprocess

    state = Workspace(os.fspath(root)).make_state()
    log = (state / "broker.log").open("ab")
    ready, tell = os.pipe()
    with log:
        size = log.tell()
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "codegen.runtime", os.fspath(root), str(tell)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(tell,), start_new_session=True, cwd=root,
        )  # fmt: skip
    os.close(tell)
    try:
        listening = os.read(ready, 1)
    finally:
        os.close(ready)
    if not listening and process.wait() != 0:
        with (state / "broker.log").open("rb") as written:
            written.seek(size)
            said = written.read().decode(errors="replace").strip()
        if process.returncode == CONFIGURATION:
            raise BrokerError(said)
        raise BrokerError("the broker did not start", hint=said[-2000:] or f"exit code {process.returncode}")
