"""Large values: files beside the journal, named by what is in them."""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path

from codegen.errors import CodegenError

LARGE = 64 * 1024
"""Characters of JSON above which a value gets a file of its own."""

SETTLED = 3600.0
"""Seconds after which a file that no record names is one that none will."""


class LostValueError(CodegenError):
    """A value's file is missing, or isn't what was written."""


class Values:
    """The files of one journal, `.codegen/values/<sha256 of the text>`, each compressed by zlib."""

    def __init__(self, journal: Path) -> None:
        self._folder = journal.with_name("values")

    def put(self, text: str) -> str:
        """Keep a text and give its address; the same text is kept once."""
        content = text.encode()
        address = sha256(content).hexdigest()
        file = self._folder / address
        try:
            os.utime(file)  # so that `remove_others` in another process leaves it
        except FileNotFoundError:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            temporary = file.with_suffix(f".{os.getpid()}")
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
                stream.write(zlib.compress(content, 1))
            temporary.replace(file)
        return address

    def get(self, address: str) -> str:
        """The text of an address. Raises LostValueError."""
        file = self._folder / address
        name = f".codegen/values/{address}"
        try:
            content = zlib.decompress(file.read_bytes())
        except FileNotFoundError:
            raise LostValueError(f"the value {name} is missing") from None
        except (OSError, zlib.error) as error:
            raise LostValueError(f"the value {name} can't be read: {error}") from None
        if sha256(content).hexdigest() != address:
            raise LostValueError(f"the value {name} was altered")
        return content.decode()

    def remove_others(self, kept: Collection[str]) -> int:
        """Remove the files that nothing names any more, and give how many bytes that freed."""
        if not self._folder.is_dir():
            return 0
        freed, before = 0, time.time() - SETTLED
        for file in sorted(self._folder.iterdir()):
            status = file.stat()
            if file.name not in kept and status.st_mtime < before:
                file.unlink(missing_ok=True)
                freed += status.st_size
        return freed
