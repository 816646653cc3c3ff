"""The broker: one process a workspace, outside the wall. Holds the sessions, the secrets and the journal.

Started by the first command that needs it (`client.connect`), gone after an idle time. It listens on a Unix socket that
only its user can open. When mcp.json, codegen.toml or the env file change, it retires: takes no new commands, ends the
runs it has, and leaves; the command that found it out of date starts the next one.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path

from codegen.config.door import read_door
from codegen.config.paths import Workspace
from codegen.errors import BrokerError, CodegenError, ConfigError
from codegen.journal.record import FINISHED, RunRecord
from codegen.model import JsonObject
from codegen.runtime.approval import decide, open_run
from codegen.runtime.calls import Line
from codegen.runtime.client import PROTOCOL, socket_path
from codegen.runtime.door import open_door
from codegen.runtime.envelope import envelope_of
from codegen.runtime.host import Host, open_host
from codegen.runtime.local import LocalSession
from codegen.runtime.request import RunRequest, request_again, request_from
from codegen.runtime.rollback import refuse_reverted, roll_back
from codegen.runtime.run import execute
from codegen.runtime.stream import read_frame
from codegen.runtime.wire import encode, text_field
from codegen.runtime.wording import asked

Send = Callable[[JsonObject], Awaitable[None]]


class Broker:
    """Serves commands until it retires or has been idle for long enough."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._started = time.time()
        self._last_use = time.monotonic()
        self._busy: set[asyncio.Task[None]] = set()
        self._agents: set[asyncio.Task[None]] = set()
        self._retiring = asyncio.Event()

    async def serve(self, listening: Callable[[], None]) -> None:
        """Listen, say so, and return once every run has ended after retirement."""
        path = Path(socket_path(self._host.root))
        path.unlink(missing_ok=True)  # left by a broker that was killed; the lock says that none lives
        mask = os.umask(0o177)  # from its first moment it is for this user alone
        try:
            server = await asyncio.start_unix_server(self._connected, path)
        finally:
            os.umask(mask)
        door = await self._open_door()
        listening()
        idle = asyncio.create_task(self._retire_when_idle())
        try:
            await self._retiring.wait()
        finally:
            idle.cancel()
            path.unlink(missing_ok=True)
            server.close()
            if door is not None:
                door.close()

    async def _open_door(self) -> asyncio.Server | None:
        """The door for agents whose shell is confined, where the workspace has one; the rest works without it."""
        try:
            door = read_door(self._host.root)
            return await open_door(self._host.root, door, self._agents) if door else None
        except (ConfigError, OSError) as error:
            sys.stderr.write(f"no door for agents: {error}\n")
            return None

    async def finish(self) -> None:
        """Wait for the runs that are still going on."""
        while busy := self._busy | self._agents:
            await asyncio.wait(busy)

    def retire(self) -> None:
        self._retiring.set()

    def cancel(self) -> None:
        """Retire now: the runs that go on are ended."""
        self._retiring.set()
        for task in self._busy | self._agents:
            task.cancel()

    async def _retire_when_idle(self) -> None:
        limit = self._host.settings.broker.idle_stop
        rest = limit
        while rest > 0 or self._busy or self._agents:
            await asyncio.sleep(max(rest, 1.0))
            rest = self._last_use + limit - time.monotonic()
        self.retire()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._busy.add(task)
        self._last_use = time.monotonic()

        async def send(message: JsonObject) -> None:
            with suppress(ConnectionError):
                writer.write(encode(message))
                await writer.drain()

        try:
            await self._commands(reader, send)
        except CodegenError as error:
            await send({"error": str(error)})
        except asyncio.CancelledError:
            await send({"error": "the broker was stopped"})
        except Exception:  # noqa: BLE001 - the outer edge: one command's fault is not the others'
            sys.stderr.write(traceback.format_exc())
            await send({"error": "the broker failed; .codegen/broker.log says how (please report it)"})
        finally:
            self._busy.discard(task)
            self._last_use = time.monotonic()
            writer.close()

    async def _commands(self, reader: asyncio.StreamReader, send: Send) -> None:
        while (message := await read_frame(reader)) is not None:
            if "hello" in message:
                await send(self._hello(message))
            elif "retire" in message:
                self.retire()
                await send({"retired": True})
            elif "stop" in message:
                await send({"stopped": os.getpid()})
                self.cancel()
            elif "status" in message:
                await send(self._status())
            elif "decide" in message:
                await send(self._decide(message["decide"]))
            elif "run" in message:
                await self._run(request_from(message["run"]), None, reader, send)
            elif "resume" in message:
                await self._resume(message["resume"], reader, send)
            elif "rollback" in message:
                await self._roll_back(message["rollback"], reader, send)
            else:
                raise BrokerError(f"unknown command: {', '.join(message)}")

    def _hello(self, message: JsonObject) -> JsonObject:
        stale = message["hello"] != PROTOCOL or self._retiring.is_set() or self._host.is_stale()
        if stale:
            self.retire()
        return {"stale": stale, "unset": list(self._host.unset), "pid": os.getpid()}

    def _status(self) -> JsonObject:
        return {
            "pid": os.getpid(),
            "started": self._started,
            "runs": len(self._busy) - 1,
            "servers": list(self._host.sessions.opened),
            "idle_stop": self._host.settings.broker.idle_stop,
        }

    def _decide(self, body: object) -> JsonObject:
        """Write down what a person says of calls that wait, and give these calls."""
        decided = decide(self._journal, self._host.journal, body if isinstance(body, dict) else {})
        return {
            "decided": [asked(decided.run.id, call, call.why) for call in decided.calls],
            "left": [asked(decided.run.id, call, call.why) for call in decided.left],
            "run": decided.run.id,
            "state": decided.run.state,
        }

    async def _resume(self, body: object, reader: asyncio.StreamReader, send: Send) -> None:
        """Run a script again from what is recorded; a run that came to its end is only shown."""
        body = body if isinstance(body, dict) else {}
        run = open_run(self._journal, self._host.journal, text_field(body, "run"))
        if run.state in FINISHED:
            await send(
                {"done": envelope_of(self._host.root, run, self._host.settings.run.output_limit, self._host.veil)}
            )
            return
        refuse_reverted(self._journal, run.id)
        await self._run(request_again(run, body), run, reader, send)

    async def _roll_back(self, body: object, reader: asyncio.StreamReader, send: Send) -> None:
        """Take a run back; a command that says anything, or goes away, ends that after the call under way."""
        stop = asyncio.Event()
        word = asyncio.create_task(read_frame(reader))
        word.add_done_callback(lambda _: stop.set())
        try:
            await send({"done": await roll_back(self._host, body if isinstance(body, dict) else {}, stop)})
        finally:
            word.cancel()
            await asyncio.wait({word})

    @property
    def _journal(self) -> Path:
        return Workspace(self._host.root).journal

    async def _run(
        self, request: RunRequest, record: RunRecord | None, reader: asyncio.StreamReader, send: Send
    ) -> None:
        """A run lasts as long as its command: one that says so (Ctrl-C) or goes away ends its run."""
        stop = asyncio.Event()

        local = LocalSession(send)
        line = Line(send, request.asks, request.follows, local if request.local else None)
        run = asyncio.create_task(execute(request, self._host, stop, line, record))
        words = asyncio.create_task(self._words(reader, send, local))
        try:
            await asyncio.wait({run, words}, return_when=asyncio.FIRST_COMPLETED)
            if not run.done():
                stop.set()
                local.lose()
            await send({"done": await run})
        finally:
            for task in (run, words):
                task.cancel()
            await asyncio.wait({run, words})

    async def _words(self, reader: asyncio.StreamReader, send: Send, local: LocalSession) -> None:
        """What a command says during its run: decisions on calls, answers of its own functions; anything else ends the
        run, as its silence does.
        """
        while (message := await read_frame(reader)) is not None:
            if "answer" in message:
                local.answered(message["answer"])
            elif "decide" in message:
                try:
                    self._decide(message["decide"])
                except CodegenError as error:  # somebody else was faster
                    await send({"note": str(error)})
            else:
                return


async def serve(root: Path, tell: int, lock: FileIO) -> None:
    """Be the broker of a workspace whose lock is held; a byte on `tell` says that it listens. Raises ConfigError."""
    host = open_host(root)
    broker = Broker(host)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, broker.cancel)

    def listening() -> None:
        with suppress(BrokenPipeError):  # who started this one was interrupted; others may wait for it
            os.write(tell, b"1")
        os.close(tell)

    try:
        await broker.serve(listening)
        lock.close()  # the next broker may start while the last runs of this one end
        await broker.finish()
    finally:
        await host.close()
