"""Frames between processes of one user: four bytes of length, big-endian, then a JSON object in UTF-8.

The same form on both doors of the broker: its Unix socket (commands) and each run's inherited socket (scripts). On the
path of `codegen run`: `asyncio`, `dataclasses` and `typing` would each cost more than the whole command.
"""

from __future__ import annotations

import _socket  # `socket` would cost each command 3 ms

from codegen.errors import BrokerError
from codegen.sandbox import plain_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

    from codegen.model import Json, JsonObject

FRAME_LIMIT = 64 * 1024 * 1024
"""Bytes of one frame; a longer one ends its connection, so that a script can't fill the broker's memory."""


def encode(message: JsonObject) -> bytes:
    """The frame of one message. Lone surrogates, which JSON allows and UTF-8 doesn't, are escaped."""
    try:
        body = plain_json.dumps(message, ascii_only=False).encode()
    except UnicodeEncodeError:
        body = plain_json.dumps(message).encode()
    return len(body).to_bytes(4, "big") + body


def decode(body: bytes) -> JsonObject:
    """The message of one frame's body. Raises BrokerError when it is not a JSON object."""
    try:
        message = plain_json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BrokerError(f"a frame is not JSON: {error}") from None
    if not isinstance(message, dict):
        raise BrokerError("a frame is not a JSON object")
    return message


class Connection:
    """A command's side of its talk with the broker, blocking."""

    def __init__(self, path: str | _socket.socket) -> None:
        """`path` is the broker's Unix socket, or a stream that leads to its door. Raises OSError: nobody listens."""
        if not isinstance(path, str):
            self._socket = path
            return
        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise

    def send(self, message: JsonObject) -> None:
        """Send a message. A broker that is gone is no error here: the next `receive` tells."""
        frame = encode(message)
        try:
            self._socket.sendall(frame)
        except ConnectionError:
            return

    def receive(self) -> JsonObject | None:
        """The next message; None when the broker is gone."""
        header = self._read(4)
        body = self._read(int.from_bytes(header, "big")) if header else None
        return decode(body) if body is not None else None

    def _read(self, size: int) -> bytes | None:
        data = bytearray()
        while len(data) < size:
            try:
                part = self._socket.recv(min(size - len(data), 1 << 20))
            except ConnectionError:
                return None
            if not part:
                return None
            data += part
        return bytes(data)

    def fileno(self) -> int:
        """What `select` waits on."""
        return self._socket.fileno()

    def detach(self) -> socket.socket:
        """The socket itself, which is the caller's from here on."""
        import socket

        return socket.socket(fileno=self._socket.detach())

    def close(self) -> None:
        self._socket.close()


def objects_field(message: JsonObject, key: str) -> list[JsonObject]:
    """The objects of a list in a message; empty when it is missing or something else."""
    value: Json = message.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text_field(message: JsonObject, key: str) -> str:
    """A text in a message; empty when it is missing or something else."""
    value: Json = message.get(key)
    return value if isinstance(value, str) else ""
