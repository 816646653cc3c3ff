"""Which token stands for which value: kept in .codegen, where no script looks, so that both outlive a run."""

from __future__ import annotations

import sqlite3
from pathlib import Path

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS tokens(
  kind TEXT NOT NULL, number INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY(kind, number), UNIQUE(kind, value));
"""
_NEXT = (
    "INSERT INTO tokens SELECT ?1, coalesce(max(number), 0) + 1, ?2 FROM tokens WHERE kind = ?1"
    " ON CONFLICT(kind, value) DO NOTHING"
)


class Vault:
    """The tokens of one workspace; several brokers may use it at once. Opened when the first token is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._tokens: dict[tuple[str, str], str] = {}
        self._values: dict[tuple[str, int], str] = {}

    def token(self, kind: str, value: str) -> str:
        """The token of a value, the same for ever: `[EMAIL_1]`."""
        known = self._tokens.get((kind, value))
        if known is None:
            db = self._open()
            db.execute(_NEXT, (kind, value))
            number = db.execute("SELECT number FROM tokens WHERE kind=? AND value=?", (kind, value)).fetchone()[0]
            known = self._tokens[kind, value] = f"[{kind}_{number}]"
        return known

    def value(self, kind: str, number: int) -> str | None:
        """What a token stands for; None for one that nobody was given."""
        known = self._values.get((kind, number))
        if known is None and (self._db is not None or self._path.exists()):
            row = self._open().execute("SELECT value FROM tokens WHERE kind=? AND number=?", (kind, number)).fetchone()
            if row:
                known = self._values[kind, number] = row[0]
        return known

    def close(self) -> None:
        if self._db is not None:
            self._db.close()

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            self._db = sqlite3.connect(self._path, isolation_level=None, timeout=30, check_same_thread=False)
            self._db.executescript(_SCHEMA)
        return self._db
