"""A script's process, from the broker's side: its channel, what it prints, and its end."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from codegen.errors import BrokerError
from codegen.model import Json, JsonObject
from codegen.runtime.output import Capture
from codegen.runtime.stream import read_frame
from codegen.runtime.wire import encode
from codegen.sandbox.backend import Backend, Limits, Mounts, Spec, ending
from codegen.sandbox.process import Process

PARALLEL_CALLS = 64
"""Calls of one run that are under way at once; a script that asks for more waits."""

DRAIN_LIMIT = 2.0
"""Seconds to read what a process that ended left in its pipes."""

Answer = Callable[[JsonObject], Awaitable[JsonObject]]


class Child:
    """One process that waits for its script, runs it, and is gone; made by `start_child`."""

    def __init__(self, process: Process, channel: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        self.stdout = Capture(Limits().output_bytes)
        self.stderr = Capture(Limits().output_bytes)
        self.result: Json = None
        self._process = process
        self._reader, self._writer = channel
        self._pumps: list[asyncio.Task[None]] = []
        self._calls: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(PARALLEL_CALLS)
        self._fault = ""

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    @property
    def why_ended(self) -> str:
        """A line for whoever reads stderr, when something else than the script ended the run; else nothing."""
        code = self._process.returncode
        text = self._fault or ("" if code is None else ending(code).text)
        return f"the run was ended: {text}\n" if text else ""

    async def begin(self, frame: JsonObject) -> None:
        """Hand over the script."""
        self._writer.write(encode(frame))
        await self._drain()

    async def serve(self, answer: Answer) -> int:
        """Answer the script's calls until its process has ended; its exit status, negative for a signal."""
        reading = asyncio.create_task(self._read(answer))
        try:
            code = await self._process.ended()
            await asyncio.wait({reading, *self._pumps}, timeout=DRAIN_LIMIT)
        finally:
            for task in (reading, *self._calls):
                task.cancel()
            await asyncio.wait({reading, *self._calls})
        return code

    async def kill(self) -> None:
        """End every process of the run and close all that was open; idempotent."""
        self._process.kill()
        await self._process.ended()
        if self._pumps:
            await asyncio.wait(self._pumps, timeout=DRAIN_LIMIT)
        for pump in self._pumps:
            pump.cancel()
        self._writer.close()

    def pump(self, pipe: int, into: Capture) -> None:
        """Read a pipe of the process into a capture for as long as it lives."""
        self._pumps.append(asyncio.create_task(_pump(pipe, into)))

    async def _read(self, answer: Answer) -> None:
        try:
            while (message := await read_frame(self._reader)) is not None:
                if "id" in message:
                    await self._room.acquire()
                    task = asyncio.create_task(self._answer(message, answer))
                    self._calls.add(task)
                    task.add_done_callback(self._answered)
                elif "result" in message:
                    self.result = message["result"]
        except BrokerError as error:
            self._fault = f"its channel carried something else than calls: {error}"
            self._process.kill()

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        self._room.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            # The script would wait for this answer until its time limit.
            self._fault = f"the broker failed on one of its calls: {error!r}"
            self._process.kill()

    async def _answer(self, message: JsonObject, answer: Answer) -> None:
        reply = await answer(message)
        self._writer.write(encode({"id": message["id"], **reply}))
        await self._drain()

    async def _drain(self) -> None:
        with suppress(ConnectionError):  # the script ended without waiting for its answer
            await self._writer.drain()


async def start_child(backend: Backend, mounts: Mounts, cwd: Path, limits: Limits) -> Child:
    """Start a process that waits for its script. Must be awaited in the main thread (see Backend.start)."""
    ours, theirs = socket.socketpair()
    out, err = os.pipe(), os.pipe()
    try:
        process = backend.start(
            Spec(
                python=Path(sys.executable),
                mounts=mounts,
                cwd=cwd,
                channel=theirs.fileno(),
                stdout=out[1],
                stderr=err[1],
                environment=_environment(cwd),
                limits=limits,
            )
        )
    except BaseException:
        ours.close()
        os.close(out[0])
        os.close(err[0])
        raise
    finally:
        theirs.close()
        os.close(out[1])
        os.close(err[1])
    child = Child(process, await asyncio.open_unix_connection(sock=ours))
    child.pump(out[0], child.stdout)
    child.pump(err[0], child.stderr)
    return child


def _environment(root: Path) -> dict[str, str]:
    """All that a script finds in its environment: the same for everyone, and no secret in it."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",  # noqa: S108 - the run's own, private and gone with it
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "CODEGEN_CHANNEL": "3",
        "CODEGEN_WORKSPACE": str(root),
    }


async def _pump(pipe: int, into: Capture) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb"))
    try:
        while part := await reader.read(1 << 16):
            into.add(part)
    finally:
        transport.close()
