"""What a run printed: capped for the model's eyes, whole in a file when it was longer."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path, PurePosixPath


class Capture:
    """Collects a stream's bytes up to a cap; what comes after the cap is counted and dropped."""

    def __init__(self, cap_bytes: int) -> None:
        self._cap = cap_bytes
        self._data = bytearray()
        self.dropped = 0

    def add(self, part: bytes) -> None:
        room = max(0, self._cap - len(self._data))
        self._data += part[:room]
        self.dropped += max(0, len(part) - room)

    @property
    def text(self) -> str:
        return self._data.decode("utf-8", "replace")


def shorten(text: str, limit: int, whole: str) -> str:
    """Head and tail of a text that is longer than `limit` characters, with what is missing and where it is between."""
    if len(text) <= limit:
        return text
    half = limit // 2
    missing = len(text) - 2 * half
    return f"{text[:half]}\n… {missing:,} characters left out; the whole is in {whole} …\n{text[-half:]}"


def write_in_data(data: Path, name: str, content: bytes) -> str:
    """Write a file below data/ and give its path from the workspace's root, with `/`.

    Scripts own data/: a link they left there must not lead the broker out of it, so that every part of the way is
    opened without following links. Raises OSError.
    """
    data.mkdir(exist_ok=True)
    *parts, last = PurePosixPath(name).parts
    with contextlib.ExitStack() as stack:
        folder = _opened(stack, data, None)
        for part in parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, dir_fd=folder)
            folder = _opened(stack, part, folder)
        file = os.open(last, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644, dir_fd=folder)
        with os.fdopen(file, "wb") as stream:
            stream.write(content)
    return f"{data.name}/{name}"


def _opened(stack: contextlib.ExitStack, path: str | Path, within: int | None) -> int:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=within)
    stack.callback(os.close, folder)
    return folder
