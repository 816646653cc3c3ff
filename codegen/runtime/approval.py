"""The calls that wait for a person (DESIGN section 7): what is approved is the call that was shown.

A call is waiting from the moment it is in the journal. Where the command that started the run can ask somebody, the run
stands still until there is an answer; where it can't, the run ends (exit 4) and is resumed once it was decided.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from codegen.errors import ApprovalError, CodegenError
from codegen.generate.literals import one_line
from codegen.journal.read import calls_of, find_run, waiting_runs
from codegen.journal.record import CallDecision, CallRecord, RunRecord
from codegen.journal.write import Journal
from codegen.model import JsonObject
from codegen.runtime.wire import text_field

ALL_LIKE = "and all like it"
"""How a record says that later calls of the same tool are approved with it, for the rest of its run."""

LOOK_S = 0.1
"""Seconds between two looks for a decision."""


_LOOK = "codegen pending lists what waits"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person said of a call; `like`: of all later calls of that tool in that run, too."""

    allowed: bool
    by: str = ""
    reason: str = ""
    like: bool = False

    @property
    def why(self) -> str:
        """How it stands in the journal."""
        said = f"{'approved' if self.allowed else 'rejected'} by {self.by or 'a person'}"
        said += f", {ALL_LIKE}" if self.allowed and self.like else ""
        return f"{said}: {one_line(self.reason, 500)}" if self.reason else said


def grants(call: CallRecord) -> bool:
    """Whether the approval of this call covers later ones of its tool."""
    return call.why.startswith("approved by ") and f", {ALL_LIKE}" in call.why


async def verdict(journal: Journal, run: str, number: int) -> CallDecision:
    """Wait until somebody decides. The journal is asked, for the one who decides may speak to another broker."""
    while (found := journal.decision(run, number)).state == "waiting":
        await asyncio.sleep(LOOK_S)
    return found


@dataclass(frozen=True, slots=True)
class Decided:
    """`calls` were decided, `left` wait still. A run that is `running` stands still and goes on by itself."""

    run: RunRecord
    calls: tuple[CallRecord, ...]
    left: tuple[CallRecord, ...]


def decide(path: Path, journal: Journal, body: JsonObject) -> Decided:
    """Write down what a person says of the waiting calls of a run, of one of them where `call` says which; `last` is
    the newest run that waits.

    Raises ApprovalError when there is none, or when it is too late.
    """
    run = open_run(path, journal, _meant(path, text_field(body, "run")))
    waiting = [call for call in calls_of(path, run.id) if call.state == "waiting"]
    number = body.get("call")
    chosen = [call for call in waiting if number is None or call.number == number]
    if not chosen:
        numbers = ", ".join(str(call.number) for call in waiting)
        what = f"no call of run {run.id} waits for an approval" if number is None else f"call {number} doesn't wait"
        raise ApprovalError(what, hint=f"waiting: {numbers}" if waiting else f"it {run.state}; {_LOOK}")
    verdict = Verdict(
        body.get("allow") is True, text_field(body, "by"), text_field(body, "reason"), body.get("like") is True
    )
    for call in chosen:
        journal.call_decided(run.id, call.number, "approved" if verdict.allowed else "rejected", verdict.why)
    return Decided(run, tuple(chosen), tuple(call for call in waiting if call not in chosen))


def _meant(path: Path, name: str) -> str:
    try:
        waiting = waiting_runs(path) if name == "last" else (find_run(path, name),)
    except CodegenError as error:
        raise ApprovalError(error.what, hint=_LOOK) from None
    if not waiting:
        raise ApprovalError("no run waits for an approval", hint=f"{_LOOK}, codegen runs what became of others")
    return waiting[-1].id


def open_run(path: Path, journal: Journal, name: str) -> RunRecord:
    """The run that a person means. Raises ApprovalError when no approval came in time."""
    run = find_run(path, name)
    is_late = run.state == "waiting" and run.expires is not None and run.expires < time.time()
    if is_late:
        journal.expire(run.id)
    if is_late or run.state == "expired":
        hint = "nothing more was applied; run it again"
        raise ApprovalError(f"run {run.id} expired: no approval came in time", hint=hint)
    return run
