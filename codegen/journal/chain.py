"""The seal of each record: made with a key that lies outside of the workspace, over the record and the seal before it.

Who edits, removes or inserts a record breaks the chain there, and without the key can't mend it.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from codegen.errors import CodegenError

START = bytes(32)
"""What stands for the seal before the first record."""


Row: TypeAlias = tuple[int, float, int, int, str, str, str]
"""A record without its seal: n, at, run, call, kind, said, body. A plain tuple: it is made twice for every call."""


class Seals:
    """Makes seals with one key: HMAC-SHA256 (RFC 2104), whose key is prepared once instead of for every record."""

    def __init__(self, key: bytes) -> None:
        """`key` has at most 64 bytes."""
        block = key.ljust(64, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in block))

    def seal(self, before: bytes, row: Row) -> bytes:
        """The seal of a record that follows the one whose seal is `before`. Raises TypeError for what is no record."""
        n, at, run, call, kind, said, body = row
        written = f"{n} {at!r} {run} {call} {kind!r} {len(said)} {said}{body}"
        return self.digest(before + written.encode(errors="surrogateescape"))

    def digest(self, message: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()


class Keeping:
    """What is kept of a journal where no script can see it: the user's key, and how far its chain had come.

    The latter tells when the newest records are cut off, or an older copy is put in the journal's place, which a chain
    alone can't.
    """

    def __init__(self, journal: Path) -> None:
        """Raises CodegenError when nothing can be kept there."""
        self._folder = _folder()
        workspace = journal.parent.parent.resolve()
        if self._folder.resolve().is_relative_to(workspace):
            raise CodegenError(
                f"the journal's key would lie inside the workspace, where scripts can read it: {self._folder}",
                hint="set XDG_STATE_HOME to a folder outside of it",
            )
        self._mark = self._folder / "journals" / sha256(os.fsencode(journal.resolve())).hexdigest()[:32]
        try:
            self._mark.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.seals = Seals(_read_key(self._folder / "journal.key"))
        except (OSError, ValueError) as error:
            hint = "set XDG_STATE_HOME to a folder of yours that can be written"
            raise CodegenError(f"the key of journals in {self._folder} can't be used: {error}", hint=hint) from None

    def note(self, n: int, mac: bytes) -> None:
        """Keep that the chain has come to record `n`."""
        temporary = self._mark.with_suffix(f".{os.getpid()}")
        try:
            temporary.write_text(f"{n} {mac.hex()}")
            temporary.replace(self._mark)
        except OSError as error:
            raise CodegenError(f"{self._mark} can't be written: {error}") from None

    def noted(self) -> tuple[int, bytes] | None:
        """How far the chain had come, and the seal there."""
        try:
            n, mac = self._mark.read_text().split()
            return int(n), bytes.fromhex(mac)
        except (OSError, ValueError):
            return None


def _folder() -> Path:
    state = os.environ.get("XDG_STATE_HOME", "")
    return (Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state") / "codegen"


def _read_key(file: Path) -> bytes:
    """The user's key, made when there is none; it appears whole, whoever else makes it at the same time."""
    if not file.exists():
        made = file.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            stream.write(secrets.token_hex(32))
        with suppress(FileExistsError):
            os.link(made, file)
        made.unlink()
    key = bytes.fromhex(file.read_text())
    if len(key) < 32:
        raise ValueError(f"{file} is not whole")
    return key
