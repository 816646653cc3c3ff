"""The broker's side of the wire: frames from a stream."""

from __future__ import annotations

import asyncio

from codegen.errors import BrokerError
from codegen.model import JsonObject
from codegen.runtime.wire import FRAME_LIMIT, decode


async def read_frame(reader: asyncio.StreamReader) -> JsonObject | None:
    """The next message, or None at the end of the stream (also in the middle of a frame). Raises BrokerError."""
    try:
        size = int.from_bytes(await reader.readexactly(4), "big")
        if size > FRAME_LIMIT:
            raise BrokerError(f"a message of {size:,} bytes is over the limit of {FRAME_LIMIT:,}")
        return decode(await reader.readexactly(size))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
