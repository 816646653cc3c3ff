"""A program's way to the broker that doesn't block: a command is sent, and what is said until its end is heard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from codegen.errors import BrokerError
from codegen.model import JsonObject
from codegen.runtime.client import connect
from codegen.runtime.stream import read_frame
from codegen.runtime.wire import encode, text_field

Heard = Callable[[JsonObject], Awaitable[None]]
"""Gets each message on the way."""

_LAST = frozenset({"done", "decided", "error"})


async def command(root: Path, message: JsonObject, heard: Heard | None = None) -> JsonObject:
    """The last word of the broker on a command. Cancelled, it ends the run that it began.

    Raises BrokerError with what the broker says is wrong, or when it goes away.
    """
    connection = await asyncio.to_thread(connect, root)
    reader, writer = await asyncio.open_unix_connection(sock=connection.detach())
    try:
        writer.write(encode(message))
        while (said := await read_frame(reader)) is not None:
            if "error" in said:
                raise BrokerError(text_field(said, "error"))
            if not _LAST.isdisjoint(said):
                return said
            if heard is not None:
                await heard(said)
    finally:
        writer.close()
    raise BrokerError("the broker went away", hint=f"see {root / '.codegen' / 'broker.log'}")
