"""The journal for other programs: lines of JSON, or traces in OTLP's JSON encoding.

Sources: opentelemetry.io/docs/specs/otlp (JSON Protobuf encoding: ids in hex, 64 bit numbers as texts, enumerations as
numbers), and the semantic conventions for generative AI, span `execute_tool`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from codegen.journal.read import calls_of
from codegen.journal.record import CallRecord, RunRecord
from codegen.journal.schema import dump
from codegen.model import Json, JsonObject

INTERNAL = 1
"""Kind of a span: neither end of a request between processes."""

OK, ERROR = 1, 2
"""Status of a span."""

_WELL = frozenset({"succeeded", "planned", "answered"})
_BAD = frozenset(
    {"failed", "refused", "rejected", "unknown", "diverged", "timeout", "cancelled", "interrupted", "expired"}
)


def as_lines(path: Path, runs: Iterable[RunRecord]) -> Iterator[str]:
    """Each run as a line with `kind` "run", and each of its calls as one with "call" and the run's id."""
    for run in runs:
        yield dump({"version": 1, "kind": "run", **asdict(run)})
        for call in calls_of(path, run.id):
            yield dump({"version": 1, "kind": "call", "run": run.id, **asdict(call)})


def as_traces(path: Path, runs: Iterable[RunRecord]) -> Iterator[str]:
    """One request of OTLP a run, each a line: a span of the run, and one below it for each call and step."""
    for run in runs:
        spans: list[Json] = [_span_of_run(run), *(_span_of_call(run, call) for call in calls_of(path, run.id))]
        scope: Json = {"scope": {"name": "codegen.journal"}, "spans": spans}
        resource: Json = {"attributes": _attributes({"service.name": "codegen"})}
        yield dump({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]})


def _span_of_run(run: RunRecord) -> JsonObject:
    said: JsonObject = {
        "codegen.run.id": run.id, "codegen.run.state": run.state, "codegen.run.attempts": run.attempts,
        "codegen.run.sandbox": run.sandbox, "process.exit.code": run.exit_code, "code.file.path": run.script,
    }  # fmt: skip
    span = _span(f"run {run.script}", run.started, run.seconds, run.state, said)
    return {"traceId": _trace(run), "spanId": _id(run.id), **span}


def _span_of_call(run: RunRecord, call: CallRecord) -> JsonObject:
    said: JsonObject = {
        "gen_ai.operation.name": "execute_tool" if call.server else None, "gen_ai.tool.name": call.tool,
        "gen_ai.tool.type": "extension" if call.server else None, "gen_ai.tool.call.id": f"{run.id}-{call.number}",
        "gen_ai.tool.call.arguments": dump(call.arguments),
        "gen_ai.tool.call.result": dump(call.answer) if call.state == "answered" else None,
        "codegen.server": call.server or None, "codegen.call.at": call.at or None, "codegen.call.state": call.state,
        "codegen.call.why": call.why or None, "error.type": call.state if call.state in _BAD else None,
    }  # fmt: skip
    name = f"execute_tool {call.tool}" if call.server else f"step {call.tool}"
    span = _span(name, call.started, call.seconds, call.state, said)
    if call.state in _BAD and isinstance(call.answer, str):
        span["status"] = {"code": ERROR, "message": call.answer}
    return {"traceId": _trace(run), "spanId": _id(f"{run.id} {call.number}"), "parentSpanId": _id(run.id), **span}


def _span(name: str, started: float, seconds: float | None, state: str, said: Mapping[str, Json]) -> JsonObject:
    """A span; one whose end nobody knows ends when it began."""
    begin = int(started * 1e9)
    code = OK if state in _WELL else ERROR if state in _BAD else 0
    return {
        "name": name, "kind": INTERNAL, "startTimeUnixNano": str(begin),
        "endTimeUnixNano": str(begin + int((seconds or 0) * 1e9)), "attributes": _attributes(said),
        "status": {"code": code} if code else {},
    }  # fmt: skip


def _attributes(said: Mapping[str, Json]) -> list[Json]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": str(value)}}
        for key, value in said.items()
        if value is not None
    ]


def _trace(run: RunRecord) -> str:
    """The same for the same run whenever it is exported; the time tells runs of several workspaces apart."""
    return sha256(f"{run.id} {run.started!r}".encode()).hexdigest()[:32]


def _id(of: str) -> str:
    return sha256(of.encode()).hexdigest()[:16]
