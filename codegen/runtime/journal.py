"""The journal: every run with its source, and every call with its arguments, result and times (SQLite, WAL).

One process writes (the broker); any may read. A call is written before it is sent and again when its answer came, so
that one without an end is one whose outcome nobody knows.
"""

from __future__ import annotations

import fcntl
import json
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import FileIO
from pathlib import Path
from typing import Literal

from codegen.errors import CodegenError
from codegen.model import Json, JsonObject

RunState = Literal["running", "succeeded", "failed", "refused", "timeout", "cancelled"]
CallState = Literal["sent", "answered", "failed"]

SCHEMA_VERSION = 1
_SCHEMA = f"""
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS runs(
  id TEXT PRIMARY KEY, script TEXT NOT NULL, digest TEXT NOT NULL, source TEXT NOT NULL, arguments TEXT NOT NULL,
  sandbox TEXT NOT NULL, state TEXT NOT NULL, started REAL NOT NULL, seconds REAL, exit_code INTEGER, output TEXT,
  stdout TEXT, stderr TEXT);
CREATE INDEX IF NOT EXISTS runs_started ON runs(started);
CREATE INDEX IF NOT EXISTS runs_digest ON runs(digest);
CREATE TABLE IF NOT EXISTS calls(
  run TEXT NOT NULL, number INTEGER NOT NULL, server TEXT NOT NULL, tool TEXT NOT NULL, arguments TEXT NOT NULL,
  state TEXT NOT NULL, answer TEXT, started REAL NOT NULL, seconds REAL, PRIMARY KEY(run, number)) WITHOUT ROWID;
PRAGMA user_version = {SCHEMA_VERSION};
"""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run; times are seconds since the epoch, `seconds` its duration (None while it goes on)."""

    id: str
    script: str
    source: str
    arguments: tuple[str, ...]
    sandbox: str
    state: RunState
    started: float
    seconds: float | None
    exit_code: int | None
    output: Json
    stdout: str
    stderr: str
    calls: int


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call of a run; `answer` is the result, or the error's text when `state` is `failed`."""

    number: int
    server: str
    tool: str
    arguments: JsonObject
    state: CallState
    answer: Json
    started: float
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended; `output` is what `main` returned."""

    state: RunState
    exit_code: int
    seconds: float
    output: Json
    stdout: str
    stderr: str


def digest_of(source: str) -> str:
    """What a run's source is recognised by: only code that ran may become a skill."""
    return sha256(source.encode(errors="surrogatepass")).hexdigest()


class Journal:
    """The writer's side; its lifetime is the broker's."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise CodegenError(f"{path} was written by a newer codegen", hint="upgrade codegen, or move the file away")
        self._db.executescript(_SCHEMA)
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._lock = FileIO(path.with_suffix(".lock"), "a")
        self._mark_dead_runs()

    def _mark_dead_runs(self) -> None:
        """What an earlier broker left running died with it, unless it retired and still waits for its runs."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            self._db.execute("UPDATE runs SET state = 'cancelled', exit_code = 130 WHERE state = 'running'")
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def begin(self, script: str, source: str, arguments: tuple[str, ...], sandbox: str) -> str:
        """Record a run that starts, and give its id (8 hexadecimal digits)."""
        run, now = secrets.token_hex(4), time.time()
        row = (run, _text(script), digest_of(source), _text(source), json.dumps(arguments), sandbox, "running", now)
        self._db.execute(
            "INSERT INTO runs(id, script, digest, source, arguments, sandbox, state, started) VALUES(?,?,?,?,?,?,?,?)",
            row,
        )
        return run

    def end(self, run: str, how: Ended) -> None:
        self._db.execute(
            "UPDATE runs SET state=?, exit_code=?, seconds=?, output=?, stdout=?, stderr=? WHERE id=?",
            (how.state, how.exit_code, how.seconds, _dump(how.output), _text(how.stdout), _text(how.stderr), run),
        )

    def call_sent(self, run: str, number: int, server: str, tool: str, arguments: JsonObject) -> None:
        self._db.execute(
            "INSERT INTO calls(run, number, server, tool, arguments, state, started) VALUES(?,?,?,?,?,?,?)",
            (run, number, server, tool, _dump(arguments), "sent", time.time()),
        )

    def call_ended(self, run: str, number: int, state: CallState, answer: Json, seconds: float) -> None:
        self._db.execute(
            "UPDATE calls SET state=?, answer=?, seconds=? WHERE run=? AND number=?",
            (state, _dump(answer), seconds, run, number),
        )

    def close(self) -> None:
        self._db.close()
        self._lock.close()


def recent_runs(path: Path, count: int = 20) -> tuple[RunRecord, ...]:
    """The newest runs first; none when the workspace has no journal yet."""
    with _reading(path) as db:
        rows = db.execute(f"SELECT {_COLUMNS} FROM runs ORDER BY started DESC LIMIT ?", (count,))  # noqa: S608 - constants
        return tuple(_run(row) for row in rows)


def find_run(path: Path, run: str) -> RunRecord:
    """The run whose id is, or begins with, `run`; `last` is the newest. Raises CodegenError for none or two."""
    with _reading(path) as db:
        where, value = ("1", ()) if run == "last" else ("substr(id, 1, ?) = ?", (len(run), run))
        rows = db.execute(f"SELECT {_COLUMNS} FROM runs WHERE {where} ORDER BY started DESC LIMIT 2", value).fetchall()  # noqa: S608
    if not rows:
        raise CodegenError(f"no run {run!r}", hint="codegen runs lists them")
    if run != "last" and len(rows) > 1 and rows[0][0] != run:
        raise CodegenError(f"{run!r} begins more than one run's id: {rows[0][0]}, {rows[1][0]}")
    return _run(rows[0])


def calls_of(path: Path, run: str) -> tuple[CallRecord, ...]:
    """A run's calls in the order they were sent."""
    with _reading(path) as db:
        rows = db.execute(
            "SELECT number, server, tool, arguments, state, answer, started, seconds FROM calls WHERE run=?"
            " ORDER BY number",
            (run,),
        )
        return tuple(CallRecord(n, s, t, json.loads(a), st, _load(an), b, se) for n, s, t, a, st, an, b, se in rows)


def called(path: Path, run: str, count: int) -> list[tuple[str, str, JsonObject]]:
    """Server, tool and arguments of the first `count` calls of a run that were answered."""
    with _reading(path) as db:
        rows = db.execute(
            "SELECT server, tool, arguments FROM calls WHERE run=? AND state='answered' ORDER BY number LIMIT ?",
            (run, count),
        )
        return [(server, tool, json.loads(arguments)) for server, tool, arguments in rows]


def answers(path: Path) -> Iterator[tuple[str, str, Json]]:
    """Server, tool and result of every call that was answered, oldest first."""
    with _reading(path) as db:
        for server, tool, answer in db.execute(
            "SELECT server, tool, answer FROM calls WHERE state='answered' ORDER BY started"
        ):
            yield server, tool, _load(answer)


def succeeded_run(path: Path, source: str) -> RunRecord | None:
    """The newest run of exactly this source that succeeded, if any."""
    with _reading(path) as db:
        row = db.execute(
            f"SELECT {_COLUMNS} FROM runs WHERE digest=? AND state='succeeded' ORDER BY started DESC LIMIT 1",  # noqa: S608
            (digest_of(source),),
        ).fetchone()
    return _run(row) if row else None


_COLUMNS = (
    "id, script, source, arguments, sandbox, state, started, seconds, exit_code, output, stdout, stderr,"
    " (SELECT count(*) FROM calls WHERE run = id)"
)


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A reader of the journal; an absent one reads as empty."""
    target = str(path) if path.exists() else ":memory:"
    with closing(sqlite3.connect(target, isolation_level=None, timeout=30)) as db:
        if target == ":memory:":
            db.executescript(_SCHEMA)
        yield db


def _run(row: tuple[str, str, str, str, str, RunState, float, float, int, str, str, str, int]) -> RunRecord:
    run, script, source, arguments, sandbox, state, started, seconds, code, output, stdout, stderr, calls = row
    return RunRecord(
        run, script, source, tuple(json.loads(arguments)), sandbox, state, started, seconds, code, _load(output),
        stdout or "", stderr or "", calls,
    )  # fmt: skip


def _dump(value: Json | JsonObject) -> str:
    return _text(json.dumps(value, ensure_ascii=False))


def _text(text: str) -> str:
    """What SQLite can hold: half a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def _load(text: str | None) -> Json:
    loaded: Json = json.loads(text) if text else None
    return loaded
