"""Several streams over one pair of pipes, each held back by its own reader alone. The same at both ends.

A frame is one byte that names the lane, four bytes of a number, big-endian, and for a lower-case name that many bytes:

    x N bytes    data of lane x; N = 0: its end
    X N          the reader of lane x has room for N more bytes; N = 0: it has gone

Nothing is sent that no room was given for, so no reader's pause stops another lane, and what is held has a bound.
"""

from __future__ import annotations

import os
import select
import socket
import stat
import struct
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WINDOW = 1 << 18
"""Bytes of one lane that may be under way."""

CHANNEL, OUT, ERR, VERDICT = b"c", b"o", b"e", b"v"
"""The lanes of a run. The channel's goes both ways, the others come out of the container."""

UP = b"up\n"
"""What comes first over the verdict's lane; the rest is for `verdict.read_verdict`."""

_HEADER = struct.Struct(">cI")
_PIECE = 1 << 16
_SAFE_WRITE = select.PIPE_BUF  # what a descriptor that polls as writable takes without blocking


class LinkError(Exception):
    """The other end broke the rules: it is not ours any more."""


class Lanes:
    """Carries `sources` (descriptors read here) to the other end's sinks, and its sources to `sinks` here.

    Those descriptors stay blocking, for others may share them; the link is this end's alone. A pipe is closed when its
    lane ends; a socket, which may be both a source and a sink, is shut in that one direction. `first` is sent before
    everything else.
    """

    def __init__(
        self, link: tuple[int, int], sources: Mapping[bytes, int], sinks: Mapping[bytes, int], first: bytes = b""
    ) -> None:
        self.shut = False
        """The other end has gone: nothing more will come."""
        self._link_in, self._link_out = link
        os.set_blocking(self._link_out, False)
        self._sources = dict(sources)
        self._room = dict.fromkeys(sources, 0)
        self._sinks = dict(sinks)
        self._held = {lane: bytearray() for lane in sinks}
        self._written = dict.fromkeys(sinks, 0)
        self._ending: set[bytes] = set()
        self._incoming = bytearray()
        self._outgoing = bytearray(first)
        self._moved = time.monotonic()
        for lane in sinks:
            self._outgoing += _HEADER.pack(lane.upper(), WINDOW)

    @property
    def sent(self) -> bool:
        """Every source has ended and all of it is on its way."""
        return not self._sources and not self._outgoing

    @property
    def delivered(self) -> bool:
        """All that came has been written to its sink."""
        return not any(self._held.values())

    @property
    def idle_s(self) -> float:
        """Seconds since a byte moved."""
        return time.monotonic() - self._moved

    def is_over(self, lane: bytes) -> bool:
        """Whether a sink has been given the whole of its lane."""
        return lane not in self._sinks

    def step(self, others: Iterable[int] = (), timeout_s: float | None = None) -> set[int]:
        """Wait for something to do and do it; gives those of `others` that are readable. Raises LinkError."""
        events: dict[int, int] = dict.fromkeys(others, select.POLLIN)
        waited = frozenset(events)
        for descriptor, event in self._interests():
            events[descriptor] = events.get(descriptor, 0) | event
        poll = select.poll()
        for descriptor, event in events.items():
            poll.register(descriptor, event)
        ready = dict(poll.poll(None if timeout_s is None else timeout_s * 1000))
        self._write_link(ready)
        self._write_sinks(ready)
        self._read_sources(ready)
        if not self.shut and ready.get(self._link_in):
            self._read_link()
        return {descriptor for descriptor in ready if descriptor in waited}

    def _interests(self) -> Iterable[tuple[int, int]]:
        if not self.shut:
            yield self._link_in, select.POLLIN
            if self._outgoing:
                yield self._link_out, select.POLLOUT
        for lane, descriptor in self._sources.items():
            if self._may_read(lane):
                yield descriptor, select.POLLIN
        for lane, descriptor in self._sinks.items():
            if self._held[lane]:
                yield descriptor, select.POLLOUT

    def _may_read(self, lane: bytes) -> bool:
        return self._room[lane] > 0 and len(self._outgoing) < WINDOW

    def _write_link(self, ready: dict[int, int]) -> None:
        if self.shut or not self._outgoing or not ready.get(self._link_out, 0) & ~select.POLLIN:
            return
        try:
            del self._outgoing[: os.write(self._link_out, self._outgoing[:_PIECE])]
        except BlockingIOError:
            return
        except OSError:
            self.shut = True
        self._moved = time.monotonic()

    def _write_sinks(self, ready: dict[int, int]) -> None:
        for lane, descriptor in list(self._sinks.items()):
            held = self._held[lane]
            if not held or not ready.get(descriptor, 0) & ~select.POLLIN:
                continue
            try:
                size = os.write(descriptor, held[:_SAFE_WRITE])
            except OSError:  # its reader has gone, and so the writer shall hear of it
                held.clear()
                self._outgoing += _HEADER.pack(lane.upper(), 0)
                self._end_sink(lane)
                continue
            del held[:size]
            self._moved = time.monotonic()
            self._give_room(lane, size)
            if not held and lane in self._ending:
                self._end_sink(lane)

    def _give_room(self, lane: bytes, size: int) -> None:
        self._written[lane] += size
        if self._written[lane] >= WINDOW // 2:
            self._outgoing += _HEADER.pack(lane.upper(), self._written[lane])
            self._written[lane] = 0

    def _read_sources(self, ready: dict[int, int]) -> None:
        for lane, descriptor in list(self._sources.items()):
            if not self._may_read(lane) or not ready.get(descriptor, 0) & ~select.POLLOUT:
                continue
            try:
                data = os.read(descriptor, min(self._room[lane], _PIECE))
            except OSError:
                data = b""
            self._room[lane] -= len(data)
            self._outgoing += _HEADER.pack(lane, len(data)) + data
            self._moved = time.monotonic()
            if not data:
                self._end_source(lane)

    def _read_link(self) -> None:
        try:
            data = os.read(self._link_in, _PIECE)
        except OSError:
            data = b""
        self.shut = self.shut or not data
        self._incoming += data
        self._moved = time.monotonic()
        start = 0
        while len(self._incoming) - start >= _HEADER.size:
            name, number = _HEADER.unpack_from(self._incoming, start)
            size = _HEADER.size + (number if name.islower() else 0)
            if size > WINDOW + _HEADER.size:
                raise LinkError(f"a frame of {number} bytes")
            if len(self._incoming) - start < size:
                break
            self._take(name, number, self._incoming[start + _HEADER.size : start + size])
            start += size
        del self._incoming[:start]

    def _take(self, name: bytes, number: int, data: bytearray) -> None:
        lane = name.lower()
        if name != lane:
            self._take_room(lane, number)
        elif lane not in self._held:
            raise LinkError(f"a lane {name!r}")
        elif lane not in self._sinks:
            return  # its reader has gone, which the other end doesn't know yet
        elif data:
            self._held[lane] += data
            if len(self._held[lane]) > WINDOW:
                raise LinkError("more than there was room for")
        elif self._held[lane]:
            self._ending.add(lane)
        else:
            self._end_sink(lane)

    def _take_room(self, lane: bytes, size: int) -> None:
        if lane not in self._room:
            raise LinkError(f"room for a lane {lane!r}")
        if lane not in self._sources:
            return
        if size:
            self._room[lane] = min(self._room[lane] + size, WINDOW)
        else:
            self._end_source(lane)

    def _end_source(self, lane: bytes) -> None:
        _end(self._sources.pop(lane), socket.SHUT_RD)

    def _end_sink(self, lane: bytes) -> None:
        _end(self._sinks.pop(lane), socket.SHUT_WR)


def _end(descriptor: int, direction: int) -> None:
    if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return
    with socket.socket(fileno=os.dup(descriptor)) as end:
        try:
            end.shutdown(direction)
        except OSError:
            return  # its other side has gone already
