"""Journals of earlier versions (1 and 2), whose tables held runs and calls as they stood: read as records."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from codegen.model import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Old:
    """A record as it would have been written; `call` is 0 for one of the run itself."""

    call: int
    kind: str
    said: JsonObject
    body: str
    at: float


def put_aside(db: sqlite3.Connection) -> None:
    """Make room for the new tables."""
    for index in ("runs_started", "runs_digest"):
        db.execute(f"DROP INDEX IF EXISTS {index}")
    for table in ("runs", "calls"):
        db.execute(f"ALTER TABLE {table} RENAME TO old_{table}")


def records_aside(db: sqlite3.Connection) -> Iterator[Old]:
    """The records of each run, from its `begun` on, the oldest run first."""
    db.row_factory, plain = sqlite3.Row, db.row_factory
    try:
        runs = db.execute("SELECT * FROM old_runs ORDER BY started").fetchall()
        for run in map(dict, runs):
            calls = db.execute("SELECT * FROM old_calls WHERE run=? ORDER BY number", (run["id"],)).fetchall()
            yield from _of_run(run, [dict(call) for call in calls])
    finally:
        db.row_factory = plain


def _of_run(run: dict[str, Json], calls: list[dict[str, Json]]) -> Iterator[Old]:
    started = _number(run["started"])
    said = {key: run[key] for key in ("id", "script", "digest", "sandbox")}
    given = {"source": run["source"], "arguments": _load(run["arguments"]), "options": _load(run.get("options")) or {}}
    yield Old(0, "begun", said, json.dumps(given, ensure_ascii=False), started)
    for call in calls:
        yield from _of_call(call)
    for _ in range(int(_number(run.get("attempts") or 1)) - 1):
        yield Old(0, "again", {}, "", started)
    count = sum(call["server"] != "" for call in calls)
    if run["seconds"] is None and run["state"] == "interrupted":
        yield Old(0, "interrupted", {"calls": count}, "", started)
    elif run["state"] != "running":
        facts = {key: run.get(key) for key in ("state", "exit_code", "seconds", "expires")}
        output = {"output": _load(run["output"]), "stdout": run["stdout"], "stderr": run["stderr"]}
        ended = started + _number(run["seconds"] or 0)
        yield Old(0, "ended", {**facts, "calls": count}, json.dumps(output, ensure_ascii=False), ended)


def _of_call(call: dict[str, Json]) -> Iterator[Old]:
    number, started, state = int(_number(call["number"])), _number(call["started"]), call["state"]
    said: JsonObject = {name: call.get(name) or "" for name in ("server", "tool", "at", "identity")}
    arguments, why = str(call["arguments"]), call.get("why") or ""
    if state in {"waiting", "refused", "planned", "approved", "rejected"}:
        held = "waiting" if state in {"approved", "rejected"} else state
        yield Old(number, "held", {**said, "state": held, "why": why}, arguments, started)
    else:
        yield Old(number, "sent", said, arguments, started)
    if state in {"approved", "rejected"}:
        yield Old(number, "decided", {"state": state, "why": why}, "", started)
    if state in {"answered", "failed", "unknown"} or call["answer"] is not None:
        seconds = call["seconds"]
        facts: JsonObject = {"state": state, "seconds": seconds}
        yield Old(number, "answered", facts, str(call["answer"] or "null"), started + _number(seconds or 0))


def _load(written: Json) -> Json:
    loaded: Json = json.loads(written) if isinstance(written, str) else None
    return loaded


def _number(value: Json) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
