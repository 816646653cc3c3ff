"""The readers' side of the journal: any process may read, also while the broker writes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from codegen.errors import CodegenError
from codegen.journal.ledger import reading
from codegen.journal.record import CallRecord, RunRecord, Wanted, digest_of
from codegen.journal.schema import COUNT, facts, load
from codegen.journal.values import LostValueError, Values
from codegen.model import Json


def recent_runs(path: Path, count: int = 20, wanted: Wanted = Wanted()) -> tuple[RunRecord, ...]:  # noqa: B008 - frozen
    """The newest runs first, of those that are `wanted`; none when the workspace has no journal yet."""
    states = ",".join("?" * len(wanted.states))
    where = f"started >= ? AND {f'state IN ({states})' if states else '1'} AND {_USES if wanted.tool else '1'}"
    values = (wanted.since, *wanted.states, *((wanted.tool, wanted.tool) if wanted.tool else ()), count)
    return _runs(path, f"WHERE {where} ORDER BY started DESC LIMIT ?", values)


def waiting_runs(path: Path) -> tuple[RunRecord, ...]:
    """The runs of which a call waits for an approval, oldest first: ended, or standing still where they run."""
    runs = _runs(path, _HELD, ())
    return tuple(run for run in runs if any(call.state == "waiting" for call in calls_of(path, run.id)))


def find_run(path: Path, run: str) -> RunRecord:
    """The run whose id is, or begins with, `run`; `last` is the newest. Raises CodegenError for none or two."""
    where, values = ("1", ()) if run == "last" else ("substr(id, 1, ?) = ?", (len(run), run))
    found = _runs(path, f"WHERE {where} ORDER BY started DESC LIMIT 2", values)
    if not found:
        raise CodegenError(f"no run {run!r}", hint="codegen runs lists them")
    if run != "last" and len(found) > 1 and found[0].id != run:
        raise CodegenError(f"{run!r} begins more than one run's id: {found[0].id}, {found[1].id}")
    return found[0]


def calls_of(path: Path, run: str) -> tuple[CallRecord, ...]:
    """A run's calls in the order they were made."""
    made: dict[int, dict[str, Any]] = {}
    values = Values(path)
    with reading(path) as db:
        for call, at, kind, said, body in db.execute(_RECORDS, (run,)):
            _tell(made.setdefault(call, {}), at, kind, facts(said), _value(values, said, body))
    return tuple(CallRecord(number=number, **made[number]) for number in sorted(made))


def answers(path: Path) -> Iterator[tuple[str, str, Json]]:
    """Server, tool and result of every call that was answered, oldest first; not of those whose result was redacted."""
    sent: dict[tuple[int, int], tuple[str, str]] = {}
    values = Values(path)
    with reading(path) as db:
        for run, call, kind, said, body in db.execute(
            "SELECT run, call, kind, said, body FROM records WHERE kind IN ('sent', 'answered') ORDER BY n"
        ):
            told = facts(said)
            if kind == "sent":
                sent[run, call] = str(told["server"]), str(told["tool"])
                continue
            server, tool = sent.pop((run, call), ("", ""))
            if server and told["state"] == "answered" and "redacted" not in told:
                answer, lost = _value(values, said, body)
                if not lost:
                    yield server, tool, answer


def succeeded_run(path: Path, source: str) -> RunRecord | None:
    """The newest run of exactly this source that succeeded, if any."""
    found = _runs(path, "WHERE digest=? AND state='succeeded' ORDER BY started DESC LIMIT 1", (digest_of(source),))
    return found[0] if found else None


_USES = (
    "runs.n IN (SELECT run FROM records WHERE kind IN ('sent', 'held') AND (json_extract(said, '$.server') GLOB ?"
    " OR json_extract(said, '$.server') || '.' || json_extract(said, '$.tool') GLOB ?))"
)
_HELD = (
    "WHERE state NOT IN ('succeeded', 'planned', 'refused', 'diverged', 'expired')"
    " AND n IN (SELECT run FROM records WHERE kind = 'held') ORDER BY started"
)
_RUNS = (
    "SELECT runs.id, script, runs.sandbox, state, started, seconds, exit_code, calls, attempts, expires, runs.n,"
    " begun.said, begun.body, coalesce(ended.said, '{{}}'), coalesce(ended.body, '')"
    " FROM (SELECT * FROM runs {}) AS runs JOIN records AS begun ON begun.n = runs.n"
    " LEFT JOIN records AS ended ON ended.n = runs.ended ORDER BY {}"
)
_RECORDS = (
    "SELECT call, at, kind, said, body FROM records, (SELECT n AS first, last FROM runs WHERE id=?) AS it"
    " WHERE n >= it.first AND n <= coalesce(it.last, 1 << 62) AND run = it.first AND call > 0 ORDER BY n"
)


def _runs(path: Path, where: str, values: tuple[object, ...]) -> tuple[RunRecord, ...]:
    order = "started DESC" if "DESC" in where else "started"
    with reading(path) as db:
        rows = db.execute(_RUNS.format(where, order), values)
        return tuple(_run(db, Values(path), row) for row in rows)


def _run(db: sqlite3.Connection, values: Values, row: tuple[Any, ...]) -> RunRecord:
    run, script, sandbox, state, started, seconds, code, calls, attempts, expires, n, *texts = row
    begun, lost = _value(values, *texts[:2])
    ended, also_lost = _value(values, *texts[2:])
    given, gave = (each if isinstance(each, dict) else {} for each in (begun, ended))
    if calls is None:
        calls = db.execute(COUNT, (n, n)).fetchone()[0]
    return RunRecord(
        id=run, script=script, source=given.get("source") or "", arguments=tuple(given.get("arguments") or ()),
        sandbox=sandbox, state=state, started=started, seconds=seconds, exit_code=code, output=gave.get("output"),
        stdout=gave.get("stdout") or "", stderr=gave.get("stderr") or "", calls=calls,
        options=given.get("options") or {}, attempts=attempts, expires=expires, redacted="redacted" in facts(texts[0]),
        lost=lost or also_lost,
    )  # fmt: skip


def _value(values: Values, said: str, body: str) -> tuple[Any, str]:
    """The value of a record, or why it's gone."""
    address = facts(said).get("value") if '"value"' in said else None
    if address is None:
        return load(body), ""
    try:
        return json.loads(values.get(str(address))), ""
    except LostValueError as error:
        return None, str(error)


def _tell(call: dict[str, Any], at: float, kind: str, said: dict[str, Any], value: tuple[Any, str]) -> None:
    """Add what one record says of a call to what the earlier ones said."""
    if kind in {"sent", "held"}:
        why = said.get("why") or call.get("why", "")
        call |= {name: said[name] for name in ("server", "tool", "at", "identity")}
        call |= {"arguments": value[0] or {}, "lost": value[1], "state": said.get("state", "sent"), "why": why}
        call |= {"answer": None, "started": at, "seconds": None, "redacted": False}
    elif kind == "decided":
        call |= {"state": said["state"], "why": said["why"]}
    else:
        call |= {"state": said["state"], "seconds": said["seconds"], "answer": value[0]}
        call |= {"redacted": "redacted" in said, "lost": call["lost"] or value[1]}
