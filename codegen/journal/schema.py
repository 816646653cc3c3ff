"""The tables of the journal, and how values stand in them."""

from __future__ import annotations

import json

from codegen.model import Json, JsonObject

SCHEMA_VERSION = 2
SCHEMA = f"""
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS runs(
  id TEXT PRIMARY KEY, script TEXT NOT NULL, digest TEXT NOT NULL, source TEXT NOT NULL, arguments TEXT NOT NULL,
  sandbox TEXT NOT NULL, state TEXT NOT NULL, started REAL NOT NULL, seconds REAL, exit_code INTEGER, output TEXT,
  stdout TEXT, stderr TEXT, options TEXT NOT NULL DEFAULT '{{}}', attempts INTEGER NOT NULL DEFAULT 1, expires REAL);
CREATE INDEX IF NOT EXISTS runs_started ON runs(started);
CREATE INDEX IF NOT EXISTS runs_digest ON runs(digest);
CREATE TABLE IF NOT EXISTS calls(
  run TEXT NOT NULL, number INTEGER NOT NULL, server TEXT NOT NULL, tool TEXT NOT NULL, arguments TEXT NOT NULL,
  at TEXT NOT NULL DEFAULT '', identity TEXT NOT NULL DEFAULT '', state TEXT NOT NULL, why TEXT NOT NULL DEFAULT '',
  answer TEXT, started REAL NOT NULL, seconds REAL, PRIMARY KEY(run, number)) WITHOUT ROWID;
PRAGMA user_version = {SCHEMA_VERSION};
"""


def dump(value: Json | JsonObject) -> str:
    return text(json.dumps(value, ensure_ascii=False))


def text(value: str) -> str:
    """What SQLite can hold: half a surrogate pair becomes a question mark."""
    return value.encode("utf-8", "replace").decode()


def load(written: str | None) -> Json:
    loaded: Json = json.loads(written) if written else None
    return loaded
