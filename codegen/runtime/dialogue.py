"""A program's way to the broker that doesn't block: a command is sent, what is said until its end is heard, and what is
asked is answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import cast

from codegen.errors import BrokerError
from codegen.model import JsonObject
from codegen.runtime.client import connect
from codegen.runtime.stream import read_frame
from codegen.runtime.wire import encode, text_field

Heard = Callable[[JsonObject], Awaitable[None]]
"""Gets each message on the way that isn't a question."""

Answer = Callable[[JsonObject], Awaitable[JsonObject]]
"""Gets what the broker asks, and gives the message that goes back."""

_LAST = frozenset({"done", "decided", "error"})


async def command(
    root: Path, message: JsonObject, heard: Heard | None = None, answers: Mapping[str, Answer] | None = None
) -> JsonObject:
    """The last word of the broker on a command. Cancelled, it ends the run that it began.

    `answers` are by the word that a question begins with; they are given side by side. Raises BrokerError with what the
    broker says is wrong, or when it goes away, and what `heard` and `answers` raise.
    """
    connection = await asyncio.to_thread(connect, root)
    reader, writer = await asyncio.open_unix_connection(sock=connection.detach())
    talk = _Talk(writer, heard, answers or {})
    try:
        await talk.send(message)
        last = await talk.until_last(reader)
    finally:
        await talk.close()
    if last is None:
        raise BrokerError("the broker went away", hint=f"see {root / '.codegen' / 'broker.log'}")
    if "error" in last:
        raise BrokerError(text_field(last, "error"))
    return last


class _Talk:
    """A connection to the broker during one command."""

    def __init__(self, writer: asyncio.StreamWriter, heard: Heard | None, answers: Mapping[str, Answer]) -> None:
        self._writer = writer
        self._heard = heard
        self._answers = answers
        self._answering: set[asyncio.Task[None]] = set()

    async def send(self, message: JsonObject) -> None:
        try:
            self._writer.write(encode(message))
            await self._writer.drain()
        except ConnectionError:
            return  # the reader tells

    async def until_last(self, reader: asyncio.StreamReader) -> JsonObject | None:
        """The broker's last word; None where it went away without one."""
        reading = asyncio.create_task(read_frame(reader))
        try:
            while True:
                done, _ = await asyncio.wait({reading, *self._answering}, return_when=asyncio.FIRST_COMPLETED)
                for task in done & self._answering:
                    self._answering.discard(task)
                    task.result()
                if reading not in done:
                    continue
                said = reading.result()
                if said is None or not _LAST.isdisjoint(said):
                    return said
                await self._take(said)
                reading = asyncio.create_task(read_frame(reader))
        finally:
            reading.cancel()

    async def _take(self, said: JsonObject) -> None:
        asked = self._answers.keys() & said.keys()
        for word in asked:
            self._answering.add(asyncio.create_task(self._answer(word, cast("JsonObject", said[word]))))
        if not asked and self._heard is not None:
            await self._heard(said)

    async def _answer(self, word: str, body: JsonObject) -> None:
        await self.send(await self._answers[word](body))

    async def close(self) -> None:
        for task in self._answering:
            task.cancel()
        if self._answering:
            await asyncio.wait(self._answering)
        self._writer.close()
