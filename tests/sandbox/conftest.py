from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from codegen.sandbox.backend import Backend, ExecResult, Limits, Mounts, Process, Spec, View, Wall
from codegen.sandbox.bubblewrap import Bubblewrap
from codegen.sandbox.native import Native
from codegen.sandbox.unconfined import Unconfined
from codegen.sandbox.view import system_mounts

ENVIRONMENT = {"HOME": "/tmp", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
TIME_LIMIT_S = 60
DEFAULT = Limits()


@dataclass
class Run:
    """A started run and our ends of its descriptors."""

    process: Process
    channel: socket.socket
    stdout: int
    stderr: int

    def send(self, frame: dict[str, Any]) -> None:
        body = json.dumps(frame).encode()
        with contextlib.suppress(BrokenPipeError):  # nobody came up to read it
            self.channel.sendall(len(body).to_bytes(4, "big") + body)

    def stdout_line(self) -> str:
        """The next line that it prints; nothing once it has ended."""
        line = b""
        while not line.endswith(b"\n") and (part := os.read(self.stdout, 1)):
            line += part
        return line.decode()

    def close(self) -> None:
        self.process.kill()
        self.process.wait(TIME_LIMIT_S)
        self.channel.close()
        os.close(self.stdout)
        os.close(self.stderr)


@dataclass(frozen=True)
class Outcome:
    ending: ExecResult
    stdout: str
    stderr: str
    frames: list[dict[str, Any]]

    @property
    def result(self) -> Any:
        assert self.ending.code == 0, self
        return self.frames[-1]["result"]

    @property
    def failure(self) -> dict[str, Any]:
        return self.frames[-1]["failure"]


@dataclass
class Sandbox:
    """One workspace and one backend to run sources in."""

    backend: Backend
    workspace: Path
    runs: list[Run] = field(default_factory=list)
    walls: dict[Mounts, Wall] = field(default_factory=dict)
    packages: tuple[Path, ...] = ()
    preload: tuple[str, ...] = ()
    shared: Wall | None = None
    """One wall for all workspaces, where nothing is mounted; whoever prepared it closes it."""

    def begin(self, *, limits: Limits = DEFAULT, more: tuple[Path, ...] = ()) -> Run:
        ours, theirs = socket.socketpair()
        out, out_inside = os.pipe()
        err, err_inside = os.pipe()
        spec = Spec(
            cwd=self.workspace,
            channel=theirs.fileno(),
            stdout=out_inside,
            stderr=err_inside,
            environment=ENVIRONMENT,
            limits=limits,
        )
        process = (self.shared or self.wall_for(more)).start(spec)
        theirs.close()
        os.close(out_inside)
        os.close(err_inside)
        run = Run(process, ours, out, err)
        self.runs.append(run)
        return run

    def wall_for(self, more: tuple[Path, ...] = ()) -> Wall:
        """One for each view, as a broker has it."""
        shown = tuple(path for path in self.workspace.iterdir() if path.name in {"servers", "README.md"})
        mounts = Mounts((*system_mounts(), *self.packages, *shown, *more), (self.workspace / "data",))
        if mounts not in self.walls:
            view = View(Path(sys.executable), mounts, self.packages, self.preload)
            self.walls[mounts] = self.backend.prepare(view)
        return self.walls[mounts]

    def close(self) -> None:
        for run in self.runs:
            run.close()
        for wall in self.walls.values():
            wall.close()

    def start_frame(self, source: str, **changes: Any) -> dict[str, Any]:
        file = str(self.workspace / "scripts" / "script.py")
        start = {"source": source, "file": file, "argv": [], "path": [str(self.workspace)], "arguments": None}
        return {"start": start | {"call_main": True} | changes}

    def run(self, source: str, *, limits: Limits = DEFAULT, more: tuple[Path, ...] = (), **changes: Any) -> Outcome:
        run = self.begin(limits=limits, more=more)
        run.send(self.start_frame(source, **changes))
        return Outcome(run.process.wait(TIME_LIMIT_S), drain(run.stdout), drain(run.stderr), frames(run.channel))

    def served(self, source: str, answer: Callable[[dict[str, Any]], Any], **changes: Any) -> Outcome:
        """Run a source whose calls are answered, each in a thread of its own, with {"value": ...} or {"error": ...}."""
        run = self.begin()
        run.send(self.start_frame(source, **changes))
        found: list[dict[str, Any]] = []

        def reply(frame: dict[str, Any]) -> None:
            run.send({"id": frame["id"]} | answer(frame["call"]))

        with ThreadPoolExecutor(8) as threads:
            while frame := receive(run.channel):
                if "id" in frame:
                    threads.submit(reply, frame)
                else:
                    found.append(frame)
        return Outcome(run.process.wait(TIME_LIMIT_S), drain(run.stdout), drain(run.stderr), found)

    def value(self, expression: str, imports: str = "os, sys", **options: Any) -> Any:
        """What an expression gives inside."""
        return self.run(f"import {imports}\ndef main():\n    return {expression}\n", **options).result

    def refused(self, statement: str, imports: str = "os, sys, socket") -> str:
        """The name of the error that a statement ends with inside, or `nothing`."""
        source = f"import {imports}\ndef main():\n    try:\n        {statement}\n"
        source += "    except OSError as error:\n        return type(error).__name__\n    return 'nothing'\n"
        return str(self.run(source).result)


def drain(descriptor: int) -> str:
    """All that is left in a pipe; fails if anybody still holds its other end."""
    os.set_blocking(descriptor, False)
    parts = []
    while part := os.read(descriptor, 1 << 16):
        parts.append(part)
    return b"".join(parts).decode()


def receive(channel: socket.socket) -> dict[str, Any] | None:
    """The next frame, None once the run has ended."""
    channel.settimeout(TIME_LIMIT_S)
    try:
        header = channel.recv(4, socket.MSG_WAITALL)
        return json.loads(channel.recv(int.from_bytes(header, "big"), socket.MSG_WAITALL)) if header else None
    except ConnectionResetError:
        return None


def frames(channel: socket.socket) -> list[dict[str, Any]]:
    channel.setblocking(False)
    data = b""
    try:
        while part := channel.recv(1 << 16):
            data += part
    except (BlockingIOError, ConnectionResetError):
        pass
    found = []
    while data:
        size = int.from_bytes(data[:4], "big")
        found.append(json.loads(data[4 : 4 + size]))
        data = data[4 + size :]
    return found


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace below /tmp with a blank and a letter beyond ASCII in its path, and secrets in and beside it."""
    root = tmp_path / "my wörk"
    for folder in ("servers/demo", "data", "scripts", ".codegen"):
        (root / folder).mkdir(parents=True)
    (root / "servers" / "demo" / "__init__.py").write_text("")
    (root / "servers" / "demo" / "echo.py").write_text("def echo(x):\n    return x\n")
    (root / "README.md").write_text("hello\n")
    (root / "mcp.json").write_text("SECRET")
    (root / ".env").write_text("SECRET")
    (tmp_path / "secret.txt").write_text("SECRET")
    return root


@pytest.fixture
def make(workspace: Path) -> Iterator[Callable[[Backend], Sandbox]]:
    made: list[Sandbox] = []

    def build(backend: Backend) -> Sandbox:
        made.append(Sandbox(backend, workspace))
        return made[-1]

    yield build
    for sandbox in made:
        sandbox.close()


@pytest.fixture(scope="session")
def native_backend() -> Native:
    backend = Native()
    found = backend.probe()
    if not found.works:
        pytest.skip(f"no native sandbox here: {found.why}")
    return backend


@pytest.fixture(scope="session", params=[Native, Bubblewrap], ids=lambda kind: kind.name)
def confining_backend(request: pytest.FixtureRequest) -> Backend:
    """Each backend that holds every attack, where it works."""
    backend: Backend = request.param()
    found = backend.probe()
    if not found.works:
        pytest.skip(f"no {backend.name} sandbox here: {found.why}")
    return backend


@pytest.fixture
def wall(make: Callable[[Backend], Sandbox], confining_backend: Backend) -> Sandbox:
    """Behind a real wall, one after the other."""
    return make(confining_backend)


@pytest.fixture
def plain(make: Callable[[Backend], Sandbox]) -> Sandbox:
    """No wall: for what the runner does, which is the same everywhere."""
    return make(Unconfined())
