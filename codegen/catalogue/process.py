"""A stdio server as a process: lines of JSON-RPC both ways, and nothing left of it afterwards.

The SDK has such a transport. This one also knows how the process ended and what it said last, survives a line that is
no message, answers for one whose result can't be read, and takes down the whole process group.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import IO, Literal, Self

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import (
    INVALID_REQUEST,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCRequest,
    jsonrpc_message_adapter,
)

from codegen.catalogue.start import Command, Started, hide, spawn
from codegen.model import JsonObject

_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 28
_TAIL = 4000
_POLL_S = 0.005
_TERMINATE_S = 1.0
_LINGER_S = 1.0
_SHOWN = 100
"""Characters of what a server printed."""
_OPENINGS = ("initialize", "server/discover")
"""What only a client asks."""
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?")
"""Colours, titles and other orders to a terminal (ECMA-48)."""


class ServerProcess:
    """A running server: `reads` and `writes` are its streams as the SDK wants them."""

    def __init__(self, process: asyncio.subprocess.Process, stderr: IO[str] | None) -> None:
        assert process.stdin and process.stdout and process.stderr
        self.reads = LineReads(process.stdout)
        self.writes = LineWrites(process.stdin)
        self._process = process
        self._tail = b""
        self._log = asyncio.create_task(self._copy_stderr(process.stderr, stderr))

    @property
    def pid(self) -> int:
        return self._process.pid

    async def last_words(self, hidden: tuple[str, ...] = ()) -> str:
        """How it ended, if it did, what it printed beside the protocol, and the last lines of its stderr; waits a
        moment for the first and the last. What is `hidden` isn't in it.
        """
        code = await self._exit_code(1.0)
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._log), 0.2 if code is not None else 0)
        lines = hide(self._tail.decode("utf-8", "replace"), hidden).strip().splitlines()[-8:]
        said = "\n    ".join(map(_visible, lines))
        words = [_ending(code)] if code is not None else []
        if printed := _visible(hide(self.reads.chatter, hidden)):
            shown = printed if len(printed) <= _SHOWN else f"{printed[: _SHOWN - 1]}…"
            words.append(f'it printed "{shown}" on stdout, which is for the protocol alone')
        return ", ".join(words) + (f"; its stderr ends with:\n    {said}" if said else "")

    async def stop(self, linger: float) -> None:
        """End it as the spec says (close stdin, wait, terminate, kill), then kill what is left of its group."""
        try:
            self.writes.close()
            if await self._exit_code(linger) is None:
                self._signal(signal.SIGTERM)
                await self._exit_code(_TERMINATE_S)
        finally:
            self._signal(signal.SIGKILL)
            self._log.cancel()
        await self._exit_code(_TERMINATE_S)
        transport = getattr(self._process, "_transport", None)
        if transport is not None:
            transport.close()  # a survivor outside the group may hold the pipes open

    async def _exit_code(self, wait: float) -> int | None:
        # Process.wait() also waits for the pipes, which a grandchild may hold open.
        deadline = asyncio.get_running_loop().time() + wait
        while self._process.returncode is None and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(_POLL_S)
        return self._process.returncode

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    async def _copy_stderr(self, source: asyncio.StreamReader, log: IO[str] | None) -> None:
        while chunk := await source.read(_CHUNK):
            self._tail = (self._tail + chunk)[-_TAIL:]
            if log is not None:
                log.write(chunk.decode("utf-8", "replace"))
                log.flush()


@asynccontextmanager
async def run_server(
    command: Command,
    stderr: IO[str] | None = None,
    started: Started | None = None,
) -> AsyncIterator[ServerProcess]:
    """Start a server, or take one that was, and stop it on the way out, also when the caller was cancelled.

    Raises OSError.
    """
    taken = started or Started(await spawn(command), _LINGER_S, asyncio.get_running_loop().time())
    server = ServerProcess(taken.process, stderr)
    try:
        yield server
    finally:
        with anyio.CancelScope(shield=True):
            await server.stop(taken.linger)


class LineReads:
    """The messages on a server's stdout; lines between them are skipped, and one is kept in `chatter`: the first until
    there is a message, for it says what this is (a banner, a usage text), the last from then on.

    `takes` is asked first: what it takes goes no further.
    """

    def __init__(self, source: asyncio.StreamReader) -> None:
        self.chatter = ""
        self._has_spoken = False
        self.takes: Callable[[JsonObject], bool] = lambda _: False
        self._source = source
        self._buffer = bytearray()

    async def receive(self) -> SessionMessage | Exception:
        while (line := await self._line()) is not None:
            if message := self._parse(line):
                self._has_spoken = True
                return SessionMessage(_echo(message) or message)
        raise anyio.EndOfStream

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """Nothing to close: the process owns the pipe."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        return False

    async def _line(self) -> bytes | None:
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            start = len(self._buffer)
            chunk = await self._source.read(_CHUNK) if start < _LONGEST_LINE else b""
            if not chunk:
                return None
            self._buffer += chunk
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _parse(self, line: bytes) -> JSONRPCMessage | None:
        text = line.decode("utf-8", "replace")
        value = _loads(text)
        if isinstance(value, dict) and self.takes(value):
            return None
        try:
            return jsonrpc_message_adapter.validate_json(line, by_name=False)
        except ValueError:
            pass
        try:  # the same without the stricter parser, which refuses half a surrogate pair
            return jsonrpc_message_adapter.validate_python(value, by_name=False)
        except ValueError:
            if self._has_spoken or not _visible(self.chatter):
                self.chatter = text if text.strip() else self.chatter
        return _refusal(value) if isinstance(value, dict) else None


class LineWrites:
    """A server's stdin, a message a line."""

    def __init__(self, target: asyncio.StreamWriter) -> None:
        self._target = target

    async def send(self, item: SessionMessage, /) -> None:
        await self.put(item.message.model_dump(by_alias=True, exclude_unset=True))

    async def put(self, message: JsonObject) -> None:
        """Write one message, and wait while the pipe is full. Raises BrokenResourceError."""
        try:
            self.post(message)
            await self._target.drain()
        except (OSError, RuntimeError) as error:
            raise anyio.BrokenResourceError from error

    def post(self, message: JsonObject) -> None:
        """Write one message without waiting."""
        self._target.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        self._target.close()

    async def aclose(self) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        return False


def _loads(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _visible(text: str) -> str:
    """On one line, without what a terminal would obey or hide."""
    plain = "".join(char if char.isprintable() else " " for char in _ESCAPES.sub("", text))
    return " ".join(plain.split())


def _echo(message: JSONRPCMessage) -> JSONRPCError | None:
    """An answer for our own request that came back, as from `cat`: else the session would answer itself."""
    if not isinstance(message, JSONRPCRequest) or message.method not in _OPENINGS:
        return None
    what = "it sends back what it is sent: that is no MCP server"
    return JSONRPCError(jsonrpc="2.0", id=message.id, error=ErrorData(code=INVALID_REQUEST, message=what))


def _refusal(value: dict[str, object]) -> JSONRPCError | None:
    """An error in the place of an answer that is none, so that its caller learns of it instead of waiting."""
    number = value.get("id")
    if not isinstance(number, int | str) or isinstance(number, bool) or "method" in value:
        return None
    if not value.keys() & {"jsonrpc", "result", "error"}:
        return None  # a line of a log
    error = value.get("error")
    said = error.get("message") if isinstance(error, dict) else error
    what = str(said) if said else "the server's answer is no JSON-RPC result: an object is expected"
    return JSONRPCError(jsonrpc="2.0", id=number, error=ErrorData(code=INVALID_REQUEST, message=what))


def _ending(code: int) -> str:
    if code >= 0:
        return f"it ended with exit code {code}"
    with suppress(ValueError):
        return f"it was ended by {signal.Signals(-code).name}"
    return f"it was ended by signal {-code}"
