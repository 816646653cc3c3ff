"""The seal of each record: made with a key that lies outside of the workspace, over the record and the seal before it.

Who edits, removes or inserts a record breaks the chain there, and without the key can't mend it.
"""

from __future__ import annotations

import hmac
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from codegen.errors import CodegenError

START = bytes(32)
"""What stands for the seal before the first record."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row of `records` without its seal."""

    n: int
    at: float
    run: int
    call: int
    kind: str
    said: str
    body: str


def seal(key: bytes, before: bytes, record: Record) -> bytes:
    """The seal of a record that follows the one whose seal is `before`."""
    return hmac.digest(key, before + _written(record), "sha256")


def _written(record: Record) -> bytes:
    """All of a record as bytes, such that no two records have the same."""
    head = f"{record.n} {record.at!r} {record.run} {record.call} {record.kind} {len(record.said)} "
    return (head + record.said + record.body).encode(errors="surrogateescape")


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
            self.key = _read_key(self._folder / "journal.key")
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
