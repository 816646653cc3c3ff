"""A script's process, from the broker's side: its channel, what it prints, and its end."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from secrets import token_hex

from codegen.errors import BrokerError
from codegen.model import Json, JsonObject
from codegen.runtime.channel import Channel, open_channel
from codegen.runtime.output import Capture
from codegen.runtime.room import Room
from codegen.runtime.wire import decode
from codegen.sandbox.backend import ExecResult, Limits, Process, Spec, Wall
from codegen.sandbox.verdict import by_limit

DRAIN_LIMIT = 2.0
"""Seconds to read what a process that ended left in its pipes."""

Answer = Callable[[JsonObject], Awaitable[JsonObject]]


class Child:
    """One run's process, from waiting for its script until all of it is gone; made by `start_child`."""

    def __init__(self, process: Process, channel: Channel, token: str, limits: Limits) -> None:
        self.stdout = Capture(limits.output_bytes)
        self.stderr = Capture(limits.output_bytes)
        self.result: Json = None
        self._process = process
        self._channel = channel
        self._pumps: list[asyncio.Task[None]] = []
        self._calls: set[asyncio.Task[None]] = set()
        self._room = Room(channel.go_on)
        self._token = token
        self._ended: ExecResult | None = None
        self._over: list[Callable[[], None]] = []

    @property
    def ended(self) -> ExecResult | None:
        """How the run ended, or what it is being ended by; None while it runs."""
        return self._ended or self._process.result

    async def begin(self, frame: JsonObject) -> None:
        """Hand over the script."""
        await self._channel.send(frame)

    async def serve(self, answer: Answer) -> ExecResult:
        """Answer the script's calls until every process of it has ended."""
        reading = self._channel.receive(self._room.enter, partial(self._take, answer))
        reading.add_done_callback(self._read)
        try:
            found = await self._process.ended()
            await asyncio.wait({reading, *self._pumps}, timeout=DRAIN_LIMIT)
        finally:
            for task in (reading, *self._calls):
                task.cancel()
            await asyncio.wait({reading, *self._calls})
        return self._ended or found

    def end(self, why: ExecResult) -> None:
        """End the run, for a reason that its sandbox doesn't know; the first one counts."""
        if self.ended is None:
            self._ended = why
            self._process.kill()

    async def close(self) -> None:
        """End every process of the run and close all that was open; idempotent."""
        self._process.kill()
        await self._process.ended()
        if self._pumps:
            await asyncio.wait(self._pumps, timeout=DRAIN_LIMIT)
        for pump in self._pumps:
            pump.cancel()
        self._channel.close()
        while self._over:
            self._over.pop()()

    def when_over(self, tell: Callable[[], None]) -> None:
        self._over.append(tell)

    def pump(self, pipe: int, into: Capture) -> None:
        """Read a pipe of the process into a capture for as long as it lives."""
        self._pumps.append(asyncio.create_task(self._pump(pipe, into)))

    async def _pump(self, pipe: int, into: Capture) -> None:
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb"))
        try:
            while part := await reader.read(1 << 16):
                into.add(part)
                if into.dropped:
                    self.end(by_limit("output"))
        finally:
            transport.close()

    def _take(self, answer: Answer, body: bytes) -> None:
        """Begin to answer a message that was let in. Raises BrokerError for what no script of this run sends."""
        message = decode(body)
        if message.get("token") != self._token:
            raise BrokerError("a message without this run's token")
        if "id" in message:
            task = asyncio.create_task(self._answer(message, answer))
            self._calls.add(task)
            task.add_done_callback(partial(self._answered, len(body)))
            return
        if "result" in message:
            self.result = message["result"]
        self._room.leave(len(body))

    def _read(self, reading: asyncio.Future[None]) -> None:
        if not reading.cancelled() and (error := reading.exception()) is not None:
            self.end(ExecResult("killed", text=f"its channel carried something else than calls: {error}"))

    def _answered(self, size: int, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        self._room.leave(size)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The script would wait for this answer until its time limit.
            self.end(ExecResult("killed", text=f"the broker failed on one of its calls: {error!r}"))

    async def _answer(self, message: JsonObject, answer: Answer) -> None:
        reply = await answer(message)
        await self._channel.send({"id": message["id"], **reply})


async def start_child(wall: Wall, cwd: Path, limits: Limits, over: Callable[[], None]) -> Child:
    """Start a process that waits for its script; `over` is called once it is gone. Await it in the main thread."""
    token = token_hex(16)
    ours, theirs = socket.socketpair()
    out, err = os.pipe(), os.pipe()
    try:
        process = wall.start(Spec(cwd, theirs.fileno(), out[1], err[1], _environment(cwd, token), limits))
    except BaseException:
        ours.close()
        os.close(out[0])
        os.close(err[0])
        over()
        raise
    finally:
        theirs.close()
        os.close(out[1])
        os.close(err[1])
    child = Child(process, await open_channel(ours), token, limits)
    child.when_over(over)
    child.pump(out[0], child.stdout)
    child.pump(err[0], child.stderr)
    return child


def _environment(root: Path, token: str) -> dict[str, str]:
    """All that a script finds in its environment: the same for everyone but for the run's token, and no secret in it.

    The token opens nothing that the script's own socket doesn't: it keeps a message of another run from counting here.
    """
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",  # noqa: S108 - the run's own, private and gone with it
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "CODEGEN_CHANNEL": "3",
        "CODEGEN_TOKEN": token,
        "CODEGEN_WORKSPACE": str(root),
    }
