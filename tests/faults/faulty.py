"""A broker that dies, or kills its script or its server, at one point of one call: for tests of what is done once.

It is forked from a process that has imported everything, so that hundreds of them are cheap; what it runs is the broker
as it is, with its journal, its sessions and its door to the script watched from outside.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from codegen.journal.write import Journal
from codegen.model import JsonObject
from codegen.runtime.broker import serve
from codegen.runtime.child import Child
from codegen.runtime.client import PROTOCOL, try_connect
from codegen.runtime.sessions import Sessions

POINTS = ("before sent", "after sent", "before call", "after call", "before ended", "after ended")
"""Where a call may be struck: around its first record, the message to the server, and its second record."""


@dataclass(frozen=True)
class Fault:
    """`victim` dies at `point` of the `number`-th call of this broker (from 1)."""

    victim: str
    point: str
    number: int


class Brokers:
    """Brokers of one workspace, one after another."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pid = 0

    def start(self, fault: Fault | None = None) -> None:
        """Fork one, and wait until it listens."""
        ready, tell = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(ready)
            _become_broker(self.root, tell, fault)
        os.close(tell)
        listening = os.read(ready, 1)
        os.close(ready)
        assert listening, (self.root / ".codegen" / "broker.log").read_text()

    def end(self) -> None:
        """Kill the broker, if it still lives, and every server of it."""
        for pid in (*_children(self.pid), self.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        os.waitpid(self.pid, 0)
        self.pid = 0

    def ask(self, message: JsonObject) -> JsonObject | None:
        """Send a command and give its last message; None when the broker died with it."""
        connection = try_connect(self.root)
        if connection is None:
            return None
        connection.send({"hello": PROTOCOL})
        connection.receive()
        connection.send(message)
        try:
            return connection.receive()
        finally:
            connection.close()


def _become_broker(root: Path, tell: int, fault: Fault | None) -> None:
    os.setsid()
    log = os.open(root / ".codegen" / "broker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    try:
        if fault is not None:
            _strike(fault)
        asyncio.run(serve(root, tell, FileIO(root / ".codegen" / "broker.lock", "a")))
    finally:
        os._exit(0)


def _strike(fault: Fault) -> None:
    seen = dict.fromkeys(POINTS, 0)
    children: list[Child] = []

    def at(point: str) -> None:
        seen[point] += 1
        if point == fault.point and seen[point] == fault.number:
            _kill(fault.victim, children)

    def around(method: Callable[..., object], name: str) -> Callable[..., object]:
        def watched(*arguments: object, **named: object) -> object:
            at(f"before {name}")
            result = method(*arguments, **named)
            at(f"after {name}")
            return result

        return watched

    async def call(self: Sessions, *arguments: object) -> object:
        at("before call")
        result = await made(self, *arguments)  # type: ignore[arg-type]
        at("after call")
        return result

    async def begin(self: Child, frame: JsonObject) -> None:
        children.append(self)
        await begun(self, frame)

    made, begun = Sessions.call, Child.begin
    Journal.call_sent = around(Journal.call_sent, "sent")  # type: ignore[method-assign,assignment]
    Journal.call_ended = around(Journal.call_ended, "ended")  # type: ignore[method-assign,assignment]
    Sessions.call = call  # type: ignore[method-assign,assignment]
    Child.begin = begin  # type: ignore[method-assign]


def _kill(victim: str, children: list[Child]) -> None:
    if victim == "broker":
        os.kill(os.getpid(), signal.SIGKILL)
    elif victim == "script":
        children[-1]._process.kill()
    else:
        for pid in _children(os.getpid()):
            if b"ledger.py" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
                _until_gone(pid)


def _until_gone(pid: int) -> None:
    with suppress(FileNotFoundError, ProcessLookupError):  # somebody waited for it
        while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
            time.sleep(0.001)


def _children(pid: int) -> list[int]:
    """All processes below one."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *_children(int(child))]
    return found
