from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from codegen.errors import BrokerError
from codegen.runtime.stream import read_frame
from codegen.runtime.wire import FRAME_LIMIT, Connection, decode, encode, text_field


def read(*parts: bytes) -> object:
    """What the broker reads from a stream that holds these bytes and then ends."""

    async def main() -> object:
        reader = asyncio.StreamReader()
        for part in parts:
            reader.feed_data(part)
        reader.feed_eof()
        return await read_frame(reader)

    return asyncio.run(main())


@pytest.mark.parametrize("text", ["", "plain", "üñ 数据 😀", "half \ud83d of a pair", "\udc80\x00\u2028"])
def test_any_text_goes_through_a_frame_unchanged(text):
    frame = encode({"text": text, text: 1})
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4
    assert decode(frame[4:]) == {"text": text, text: 1}
    assert read(frame) == {"text": text, text: 1}


def test_text_beyond_ascii_is_sent_as_utf_8():
    assert "ü".encode() in encode({"a": "ü"})


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe\xfd", b"[1]", b"5", b"null", b'{"a": 1} x', b"[" * 100_000])
def test_what_is_no_json_object_is_refused(body):
    with pytest.raises(BrokerError, match="a frame is not"):
        decode(body)


@pytest.mark.parametrize("data", [b"", b"\x00\x00", encode({"a": 1})[:-1]])
def test_a_stream_that_ends_also_within_a_frame_reads_as_its_end(data):
    assert read(data) is None


def test_a_length_over_the_limit_is_refused_before_anything_is_read():
    with pytest.raises(BrokerError, match=r"1,073,741,824 bytes is over the limit of 67,108,864"):
        read((1 << 30).to_bytes(4, "big"))
    assert FRAME_LIMIT == 64 << 20


def test_a_frame_may_come_in_pieces():
    frame = encode({"a": "b" * 1000})
    assert read(*(frame[i : i + 7] for i in range(0, len(frame), 7))) == {"a": "b" * 1000}


@pytest.fixture
def listener(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        server.listen()
        yield server


def test_a_connection_sends_and_receives_large_messages(listener):
    def echo() -> None:
        peer, _ = listener.accept()
        with peer, peer.makefile("rb") as stream:
            header = stream.read(4)
            peer.sendall(header + stream.read(int.from_bytes(header, "big")))

    thread = threading.Thread(target=echo)
    thread.start()
    connection = Connection("s")
    connection.send({"text": "x" * 5_000_000})
    assert connection.receive() == {"text": "x" * 5_000_000}
    assert connection.receive() is None
    connection.close()
    thread.join()


def test_a_peer_that_left_is_no_error_to_send_to_and_shows_in_what_is_received(listener):
    connection = Connection("s")
    listener.accept()[0].close()
    for _ in range(2):
        connection.send({"text": "x" * 5_000_000})
    assert connection.receive() is None
    connection.close()


def test_half_a_frame_and_then_the_end_is_the_end(listener):
    connection = Connection("s")
    peer, _ = listener.accept()
    peer.sendall(encode({"a": 1})[:-2])
    peer.close()
    assert connection.receive() is None
    connection.close()


def test_connecting_where_nobody_listens_raises_oserror(tmp_path):
    with pytest.raises(FileNotFoundError):
        Connection(str(tmp_path / "none"))


def test_a_field_that_is_no_text_reads_as_empty():
    assert [text_field({"a": value}, "a") for value in ("x", 5, None, ["x"])] == ["x", "", "", ""]
    assert text_field({}, "a") == ""
