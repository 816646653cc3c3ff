"""The broker's door for an agent whose own shell is confined, as Claude Code's Bash sandbox does it.

Nothing of codegen can work in there: no Unix socket, no state, no second sandbox. So the command is handed over, and
the broker runs it outside: the agent's verbs alone, in this workspace alone (`config.agent`), with its output and exit
code going back. Who comes here can't approve: the other door, the Unix socket, is what a person's commands use.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from codecs import getincrementaldecoder
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from codegen.config.door import Door
from codegen.errors import BrokerError, UsageError
from codegen.model import JsonObject
from codegen.runtime.proof import AGENT, BROKER, challenge, is_proof, proof
from codegen.runtime.stream import read_frame
from codegen.runtime.wire import encode, text_field

VERBS = (
    "search", "describe", "run", "plan", "runs", "skills", "sync", "pending", "resume", "policy", "doctor",
)  # fmt: skip
"""What an agent may do unasked; no other verb comes through the door."""

GREETING_S = 10.0
"""Seconds to prove the token."""

LAST_S = 10.0
"""Seconds that a command has to end once nobody listens."""

Send = Callable[[JsonObject], Awaitable[None]]


async def open_door(root: Path, door: Door, busy: set[asyncio.Task[None]]) -> asyncio.Server:
    """Listen on loopback; the tasks of commands are in `busy`. Raises OSError when another program has the port."""

    async def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        busy.add(task)
        task.add_done_callback(busy.discard)

        async def send(message: JsonObject) -> None:
            with suppress(ConnectionError):
                writer.write(encode(message))
                await writer.drain()

        try:
            command = await _greet(door, reader, send)
            if command is not None:
                await _serve(root, command, reader, send)
        except (UsageError, BrokerError) as error:
            await send({"error": str(error)})
        finally:
            writer.close()

    return await asyncio.start_server(come, "127.0.0.1", door.port)


async def _greet(door: Door, reader: asyncio.StreamReader, send: Send) -> JsonObject | None:
    """The command of somebody who has the token; None for anybody else, who is told nothing."""
    try:
        async with asyncio.timeout(GREETING_S):
            hello = await read_frame(reader) or {}
            asked = challenge()
            await send({"proof": proof(door.token, BROKER, text_field(hello, "challenge")), "challenge": asked})
            command = await read_frame(reader) or {}
    except (TimeoutError, BrokerError):
        return None
    return command if is_proof(command.get("proof"), door.token, AGENT, asked) else None


async def _serve(root: Path, command: JsonObject, reader: asyncio.StreamReader, send: Send) -> None:
    """Run a command and send what it prints; it is interrupted when the other side goes away."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "codegen", *_words(command),
        cwd=_folder(root, text_field(command, "cwd")), env=_environment(root, waits=command.get("waits") is True),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin and process.stdout and process.stderr
    gone = asyncio.create_task(read_frame(reader))
    flow = asyncio.gather(
        _feed(process.stdin, text_field(command, "stdin")),
        _pass_on(process.stdout, "out", send),
        _pass_on(process.stderr, "err", send),
    )
    flow.add_done_callback(lambda _: gone.cancel())
    try:
        await asyncio.wait({gone})
        if flow.done():
            await send({"exit": await process.wait()})
    finally:
        flow.cancel()
        await _end(process)


def _words(command: JsonObject) -> list[str]:
    """Raises UsageError for a verb that isn't an agent's; the verbs themselves know what of theirs is not."""
    given = command.get("words")
    words = [str(word) for word in given] if isinstance(given, list) else []
    if not words or words[0] not in VERBS:
        raise UsageError(f"codegen {' '.join(words[:1])} is for a person, outside of the agent's shell")
    return words


def _folder(root: Path, wanted: str) -> Path:
    """Where the agent's shell stands, by which its paths are meant; the root when it isn't in the workspace."""
    folder = Path(wanted).resolve() if wanted else root
    return folder if folder.is_relative_to(root) and folder.is_dir() else root


def _environment(root: Path, *, waits: bool) -> dict[str, str]:
    """`waits`: a person is asked elsewhere, so that a run stands still and doesn't end when a call needs one."""
    ours = {"CODEGEN_AGENT": "1", "CODEGEN_WORKSPACE": str(root), "PYTHONIOENCODING": "utf-8"}
    kept = {name: value for name, value in os.environ.items() if name != "CODEGEN_APPROVER"}
    return kept | ours | ({"CODEGEN_APPROVER": "1"} if waits else {})


async def _feed(stdin: asyncio.StreamWriter, text: str) -> None:
    with suppress(ConnectionError):
        stdin.write(text.encode(errors="surrogatepass"))
        await stdin.drain()
    stdin.close()


async def _pass_on(stream: asyncio.StreamReader, name: str, send: Send) -> None:
    decode = getincrementaldecoder("utf-8")("replace").decode
    while part := await stream.read(1 << 16):
        await send({name: decode(part)})


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ctrl-C first: a run ends with its command, and is recorded."""
    with suppress(ProcessLookupError, TimeoutError):
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), LAST_S)
    if process.returncode is None:
        process.kill()
