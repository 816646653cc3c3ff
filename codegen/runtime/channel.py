"""A run's socket from the broker's side: whole messages in, frames out.

A protocol of its own, because each turn of the event loop is paid by each call, and a stream with a task that reads it
takes two more.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from codegen.errors import BrokerError
from codegen.model import JsonObject
from codegen.runtime.wire import FRAME_LIMIT, encode


class Channel(asyncio.Protocol):
    """Made by `open_channel`; nothing is read before `receive`."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._transport: asyncio.Transport
        self._enter: Callable[[int], bool]
        self._take: Callable[[bytes], None]
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._writable = asyncio.Event()
        self._writable.set()

    def receive(self, enter: Callable[[int], bool], take: Callable[[bytes], None]) -> asyncio.Future[None]:
        """Give each message's body, not yet decoded, to `take`. Done at the end of the stream; cancel it to stop.

        A message of a size that `enter` doesn't let in stays, and no more is read, until `go_on`. The BrokerError that
        `take` raises, or that what came is no frame, ends it too.
        """
        self._enter, self._take = enter, take
        self._transport.resume_reading()
        return self._over

    def go_on(self) -> None:
        """Take what waits, and read on."""
        if self._over.done():
            return
        try:
            if self._take_all():
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()
        except BrokerError as error:
            self._over.set_exception(error)

    def _take_all(self) -> bool:
        buffer = self._buffer
        while len(buffer) >= 4:
            size = int.from_bytes(buffer[:4], "big")
            if size > FRAME_LIMIT:
                raise BrokerError(f"a message of {size:,} bytes is over the limit of {FRAME_LIMIT:,}")
            if len(buffer) < 4 + size:
                break
            if not self._enter(size):
                return False
            body = bytes(memoryview(buffer)[4 : 4 + size])
            del buffer[: 4 + size]
            self._take(body)
        return True

    async def send(self, message: JsonObject) -> None:
        """Send a message, and wait while the other side doesn't read. It is no error that nobody reads any more."""
        if not self._transport.is_closing():
            self._transport.write(encode(message))
            await self._writable.wait()

    def close(self) -> None:
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self.go_on()

    def eof_received(self) -> bool:
        if not self._over.done():
            self._over.set_result(None)
        return True  # answers may still be read

    def connection_lost(self, _error: Exception | None) -> None:
        self.eof_received()
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()


async def open_channel(end: socket.socket) -> Channel:
    """The channel over one end of a socket pair, which is the channel's from here on."""
    _, channel = await asyncio.get_running_loop().create_unix_connection(Channel, sock=end)
    return channel
