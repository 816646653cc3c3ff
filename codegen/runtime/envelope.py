"""The envelope that a run ends with: a contract (`codegen run --json`), only ever added to."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from codegen.config.paths import Workspace
from codegen.journal.record import Ended, RunRecord
from codegen.model import Json, JsonObject
from codegen.privacy.veil import Veil
from codegen.runtime.check import Finding
from codegen.runtime.output import shorten, write_in_data

VERSION = 1


@dataclass(frozen=True, slots=True)
class Told:
    """What an envelope says beside how the run ended: `sandbox` and where it is `weaker`, what the check found, how
    many calls were made, which wait for an approval, and which a dry run has only written down."""

    sandbox: str
    weaker: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    calls: int = 0
    waiting: tuple[JsonObject, ...] = ()
    planned: tuple[JsonObject, ...] = ()


def envelope(root: Path, run: str, ended: Ended, told: Told, limit: int, veil: Veil) -> JsonObject:
    """`limit` is the characters of each stream that are shown; the whole is in a file that is named. What personal data
    codegen.toml names is behind the veil, in that file too."""
    out, err, output = veil.text(ended.stdout), veil.text(ended.stderr), veil.cover(ended.output)
    ended = replace(ended, stdout=out, stderr=err, output=output)
    stdout, stderr = (_shown(root, run, name, text, limit) for name, text in _streams(ended))
    output = ended.output if len(json.dumps(ended.output)) <= limit else None
    return {
        "version": VERSION,
        "id": run,
        "success": ended.state in {"succeeded", "planned"},
        "state": ended.state,
        "exit_code": ended.exit_code,
        "output": output,
        "stdout": stdout,
        "stderr": stderr,
        "findings": [_finding(finding) for finding in told.findings],
        "calls": told.calls,
        "duration_s": round(ended.seconds, 3),
        "truncated": stdout != ended.stdout or stderr != ended.stderr or output != ended.output,
        "sandbox": told.sandbox,
        "weaker": [*told.weaker],
        "waiting": [{**call, "arguments": veil.cover(call["arguments"])} for call in told.waiting],
        "planned": [{**call, "arguments": veil.cover(call["arguments"])} for call in told.planned],
    }


def envelope_of(root: Path, run: RunRecord, limit: int, veil: Veil) -> JsonObject:
    """The envelope of a run that is over, from its record."""
    ended = Ended(run.state, run.exit_code or 0, run.seconds or 0.0, run.output, run.stdout, run.stderr)
    return envelope(root, run.id, ended, Told(run.sandbox, calls=run.calls), limit, veil)


def _streams(ended: Ended) -> tuple[tuple[str, str], ...]:
    return (("", ended.stdout), (".stderr", ended.stderr))


def _shown(root: Path, run: str, name: str, text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    try:
        whole = write_in_data(Workspace(root).data, f"output/{run}{name}.txt", text.encode(errors="replace"))
    except OSError as error:
        whole = f"no file: data/output can't be written ({error})"
    return shorten(text, limit, whole)


def _finding(finding: Finding) -> Json:
    return {"text": str(finding), "blocking": finding.blocking, "line": finding.line}
