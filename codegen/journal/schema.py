"""The tables of the journal, and how values stand in them.

`records` is what happened: append-only, one row an event, each sealed with the one before (`chain.py`). `runs` is what
the records of each run come to, kept beside them so that a list of runs needs no look at calls; `APPLY` is the one
place that says how.
"""

from __future__ import annotations

import json

from codegen.errors import CodegenError
from codegen.model import Json, JsonObject

SCHEMA_VERSION = 3
SCHEMA = f"""
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS records(
  n INTEGER PRIMARY KEY, at REAL NOT NULL, run INTEGER NOT NULL, call INTEGER NOT NULL, kind TEXT NOT NULL,
  said TEXT NOT NULL, body TEXT NOT NULL, mac BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS runs(
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, script TEXT NOT NULL, digest TEXT NOT NULL, sandbox TEXT NOT NULL,
  state TEXT NOT NULL, started REAL NOT NULL, seconds REAL, exit_code INTEGER, calls INTEGER, attempts INTEGER NOT NULL,
  expires REAL, ended INTEGER, last INTEGER);
CREATE INDEX IF NOT EXISTS runs_started ON runs(started);
CREATE INDEX IF NOT EXISTS runs_digest ON runs(digest);
CREATE INDEX IF NOT EXISTS records_held ON records(run) WHERE kind = 'held';
PRAGMA user_version = {SCHEMA_VERSION};
"""
"""`records`: `run` is the number of the record that began it (0: of none), `call` the call's number in its run (0: the
run's own), `said` a JSON object of small facts, `body` the JSON of what was given (source, arguments, answer, output);
a large one is in a file instead, whose address `said` has as `value`.

`runs`: `n` is the record that began it, `ended` the one with its output, `last` the last of all, as long as it's over.
"""

APPLY = {
    "begun": "INSERT INTO runs(n, id, script, digest, sandbox, state, started, attempts)"
    " VALUES(:n, :id, :script, :digest, :sandbox, 'running', :at, 1)",
    "again": "UPDATE runs SET state='running', attempts=attempts+1, expires=NULL, exit_code=NULL, last=NULL"
    " WHERE n=:run",
    "ended": "UPDATE runs SET state=:state, exit_code=:exit_code, seconds=:seconds, calls=:calls, expires=:expires,"
    " ended=:n, last=:n WHERE n=:run",
    "expired": "UPDATE runs SET state='expired', expires=NULL, last=:n WHERE n=:run",
    "interrupted": "UPDATE runs SET state='interrupted', exit_code=130, calls=:calls, last=:n WHERE n=:run",
}
"""What a record of a run changes in `runs`; `:n`, `:at` and `:run` are its own, the others what it said."""

COUNT = (
    "SELECT count(DISTINCT call) FROM records WHERE n >= ? AND run = ? AND kind IN ('sent', 'held')"
    " AND json_extract(said, '$.server') != ''"
)
"""How many calls a run has made, its steps not counted."""

LATEST = (
    "SELECT n, at, run, call, kind, said, body, mac FROM records"
    " WHERE n >= ? AND run = ? AND call = ? ORDER BY n DESC LIMIT 1"
)
"""What was written last of a call, with its seal."""

OF_JOURNAL = frozenset({"pruned", "lost"})

quoted = json.encoder.encode_basestring
"""A text as JSON, at a fifth of what a whole encoder costs."""

_LOOK = "codegen runs verify"

encode = json.JSONEncoder(ensure_ascii=False).encode


def dump(value: Json | JsonObject) -> str:
    return text(encode(value))


def text(value: str) -> str:
    """What SQLite can hold: half a surrogate pair becomes a question mark."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def load(written: str | None) -> Json:
    try:
        loaded: Json = json.loads(written) if written else None
    except (ValueError, TypeError):
        raise CodegenError("the journal was edited: what stands in a record is not JSON", hint=_LOOK) from None
    return loaded


def facts(written: str) -> JsonObject:
    """What a record said."""
    loaded = load(written)
    return loaded if isinstance(loaded, dict) else {}
