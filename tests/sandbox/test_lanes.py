"""Both ends, joined by pipes, without any container."""

from __future__ import annotations

import hashlib
import os
import select
import socket
import threading
from dataclasses import dataclass, field

import pytest

from codegen.sandbox.containers.lanes import CHANNEL, ERR, OUT, WINDOW, Lanes, LinkError


@dataclass
class Ends:
    """What a script holds (`inside`) and what a broker holds (`outside`), with the two ends of a link between."""

    inside: socket.socket
    out_in: int
    err_in: int
    outside: socket.socket
    out: int
    err: int
    near: Lanes
    far: Lanes
    link: tuple[int, ...]
    channels: tuple[socket.socket, socket.socket]
    threads: list[threading.Thread] = field(default_factory=list)

    def run(self) -> None:
        for lanes in (self.near, self.far):
            self.threads.append(threading.Thread(target=carry, args=(lanes,), daemon=True))
            self.threads[-1].start()


def carry(lanes: Lanes) -> None:
    while not lanes.shut:
        lanes.step()


@pytest.fixture
def ends():
    inside, channel_in = socket.socketpair()
    outside, channel = socket.socketpair()
    out_far, out_in = os.pipe()
    err_far, err_in = os.pipe()
    out, out_near = os.pipe()
    err, err_near = os.pipe()
    (up, to_far), (down, to_near) = os.pipe(), os.pipe()
    far = Lanes(
        (up, to_near), {CHANNEL: channel_in.fileno(), OUT: out_far, ERR: err_far}, {CHANNEL: channel_in.fileno()}
    )
    near = Lanes((down, to_far), {CHANNEL: channel.fileno()}, {CHANNEL: channel.fileno(), OUT: out_near, ERR: err_near})
    made = Ends(inside, out_in, err_in, outside, out, err, near, far, (to_far, to_near), (channel, channel_in))
    yield made
    for descriptor in made.link:
        os.close(descriptor)
    for thread in made.threads:
        thread.join(10)
        assert not thread.is_alive()


def read_all(descriptor: int) -> bytes:
    parts = []
    while part := os.read(descriptor, 1 << 16):
        parts.append(part)
    return b"".join(parts)


def write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.close(descriptor)


def test_any_bytes_arrive_whole_and_each_lane_ends_by_itself(ends):
    ends.run()
    out, err = os.urandom(3 * WINDOW + 7), bytes(range(256)) * 3000
    writers = [threading.Thread(target=write_all, args=pair) for pair in ((ends.out_in, out), (ends.err_in, err))]
    for writer in writers:
        writer.start()
    found = {}
    reader = threading.Thread(target=lambda: found.update(err=read_all(ends.err)))
    reader.start()
    assert hashlib.sha256(read_all(ends.out)).digest() == hashlib.sha256(out).digest()
    reader.join()
    assert found["err"] == err
    ends.outside.sendall(b"still there")
    assert ends.inside.recv(20) == b"still there"


def test_the_channel_goes_both_ways_and_is_shut_one_way_at_a_time(ends):
    ends.run()
    ends.outside.sendall(b"ask\x00\xff")
    assert ends.inside.recv(20) == b"ask\x00\xff"
    ends.outside.shutdown(socket.SHUT_WR)
    assert ends.inside.recv(20) == b""
    ends.inside.sendall(b"answer")
    assert ends.outside.recv(20) == b"answer"
    ends.inside.close()
    assert ends.outside.recv(20) == b""


def test_what_nobody_reads_stops_its_writer_and_no_other_lane(ends):
    ends.run()
    os.set_blocking(ends.out_in, False)
    written = 0
    poll = select.poll()
    poll.register(ends.out_in, select.POLLOUT)
    while poll.poll(300):
        written += os.write(ends.out_in, bytes(4096))
    assert written <= WINDOW + 3 * (1 << 16), "its two pipes and the window, and not a byte more"
    ends.inside.sendall(b"call")
    assert ends.outside.recv(20) == b"call"
    os.close(ends.out_in)
    assert len(read_all(ends.out)) == written


def test_the_channel_is_held_back_by_a_script_that_does_not_read(ends):
    ends.run()
    ends.outside.setblocking(False)
    poll = select.poll()
    poll.register(ends.outside.fileno(), select.POLLOUT)
    sent = 0
    while poll.poll(300):
        sent += ends.outside.send(bytes(4096))
    os.write(ends.err_in, b"alive")
    assert os.read(ends.err, 20) == b"alive"
    assert sent < 3 * WINDOW + (1 << 20)
    received = 0
    while received < sent:
        received += len(ends.inside.recv(1 << 16))


def test_a_writer_hears_that_its_reader_has_gone(ends):
    ends.run()
    os.close(ends.out)
    with pytest.raises(BrokenPipeError):
        while True:
            os.write(ends.out_in, bytes(4096))


def test_nothing_is_taken_from_a_source_before_the_other_end_is_there(ends):
    """So that a start that failed can be made again."""
    ends.outside.sendall(b"start")
    for _ in range(3):
        ends.near.step(timeout_s=0)
    assert ends.channels[0].recv(20) == b"start"


@pytest.mark.parametrize(
    "rubbish",
    [
        b"o\xff\xff\xff\xff",
        b"z\x00\x00\x00\x01x",
        b"Z\x00\x00\x00\x01",
        (b"o" + (1 << 16).to_bytes(4, "big") + bytes(1 << 16)) * 8,
    ],
    ids=["too long", "unknown lane", "room for nobody", "more than there is room for"],
)
def test_an_end_that_breaks_the_rules_is_left(ends, rubbish):
    os.set_blocking(ends.link[1], True)
    threading.Thread(target=write_all, args=(os.dup(ends.link[1]), rubbish), daemon=True).start()
    with pytest.raises(LinkError):
        while not ends.near.shut:
            ends.near.step()
