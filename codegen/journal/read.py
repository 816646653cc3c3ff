"""The readers' side of the journal: any process may read, also while the broker writes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from codegen.errors import CodegenError
from codegen.journal.record import CallRecord, RunRecord, digest_of
from codegen.journal.schema import SCHEMA, load
from codegen.model import Json


def recent_runs(path: Path, count: int = 20) -> tuple[RunRecord, ...]:
    """The newest runs first; none when the workspace has no journal yet."""
    with _reading(path) as db:
        rows = db.execute(f"SELECT {_COLUMNS} FROM runs ORDER BY started DESC LIMIT ?", (count,))  # noqa: S608 - constants
        return tuple(_run(row) for row in rows)


def waiting_runs(path: Path) -> tuple[RunRecord, ...]:
    """The runs of which a call waits for an approval, oldest first: ended, or standing still where they run."""
    with _reading(path) as db:
        rows = db.execute(
            f"SELECT {_COLUMNS} FROM runs WHERE state NOT IN ('succeeded', 'planned', 'refused', 'diverged', 'expired')"  # noqa: S608
            " AND EXISTS(SELECT 1 FROM calls WHERE run = id AND state = 'waiting') ORDER BY started"
        )
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
    """A run's calls in the order they were made."""
    with _reading(path) as db:
        rows = db.execute(
            "SELECT number, server, tool, arguments, at, identity, state, why, answer, started, seconds FROM calls"
            " WHERE run=? ORDER BY number",
            (run,),
        )
        return tuple(
            CallRecord(number, server, tool, json.loads(arguments), at, identity, state, why, load(answer), *times)
            for number, server, tool, arguments, at, identity, state, why, answer, *times in rows
        )


def answers(path: Path) -> Iterator[tuple[str, str, Json]]:
    """Server, tool and result of every call that was answered, oldest first."""
    with _reading(path) as db:
        for server, tool, answer in db.execute(
            "SELECT server, tool, answer FROM calls WHERE state='answered' AND server != '' ORDER BY started"
        ):
            yield server, tool, load(answer)


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
    " (SELECT count(*) FROM calls WHERE run = id AND server != ''), options, attempts, expires"
)


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A reader of the journal; an absent one reads as empty."""
    target = str(path) if path.exists() else ":memory:"
    with closing(sqlite3.connect(target, isolation_level=None, timeout=30)) as db:
        if target == ":memory:":
            db.executescript(SCHEMA)
        yield db


def _run(row: tuple[Any, ...]) -> RunRecord:
    run, script, source, arguments, sandbox, state, started, seconds, code, output, stdout, stderr, *rest = row
    calls, options, attempts, expires = rest
    return RunRecord(
        run, script, source, tuple(json.loads(arguments)), sandbox, state, started, seconds, code, load(output),
        stdout or "", stderr or "", calls, json.loads(options), attempts, expires,
    )  # fmt: skip
