"""A run taken back: for each write that was answered the inverse call that codegen.toml pairs it with, last one first.

The inverse calls are recorded in the same run, after its own, so that nothing is taken back twice and `runs show` has
all of it. A run of which calls were taken back can't be resumed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from codegen.config.paths import Workspace
from codegen.errors import CodegenError, ResumeError, UndoError, UnknownToolError
from codegen.generate.literals import one_line
from codegen.journal.read import calls_of, find_run
from codegen.journal.record import CallRecord, Ended, RunRecord, RunState, Sent
from codegen.model import Json, JsonObject
from codegen.runtime.calls import Attempt, Caller, Line
from codegen.runtime.clock import Clock
from codegen.runtime.definition import Definition
from codegen.runtime.host import Host
from codegen.runtime.inverse import inverse_arguments
from codegen.runtime.judge import judge
from codegen.runtime.wire import text_field
from codegen.runtime.wording import asked, call_line

State = Literal["ready", "reverted", "failed", "no inverse", "unknown"]
"""`ready` to be taken back; `reverted` now or before; `unknown`: whether it was applied, or its inverse."""

_MARK = "takes back call "
_MARKED = re.compile(rf"{_MARK}(\d+)\b")
"""In a record's `why`, whose beginning is the broker's own word: no script and no server can write it."""

_APPLIED = frozenset({"answered", "sent", "unknown"})


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one call, and why. `inverse` bears its number until it is sent under one of its own."""

    call: CallRecord
    state: State
    why: str = ""
    inverse: Sent | None = None

    def document(self, run: str) -> JsonObject:
        """As commands carry it: nothing of the inverse call is left out."""
        return {
            "number": self.call.number,
            "call": {"server": self.call.server, "tool": self.call.tool, "arguments": self.call.arguments},
            "line": call_line(self.call),
            "state": self.state,
            "why": self.why,
            "inverse": asked(run, self.inverse, self.why) if self.inverse else None,
        }


def takes_back(call: CallRecord) -> int | None:
    """The number of the call that this one takes back; None for one that the script made."""
    match = _MARKED.match(call.why)
    return int(match[1]) if match else None


def refuse_reverted(journal: Path, run: str) -> None:
    """Raises ResumeError for a run of which calls were taken back: its script would believe that they are applied."""
    if any(takes_back(call) is not None for call in calls_of(journal, run)):
        raise ResumeError(f"calls of run {run} were taken back", hint="run its script again")


async def roll_back(host: Host, body: JsonObject, stop: asyncio.Event) -> JsonObject:
    """Say what can be taken back of a run; where `approved` has inverse calls as they were shown, make them.

    `cover`: personal data is shown as tokens, because no person looks. It goes on past failures, until `stop` is set.
    Raises CodegenError when there is no such run, when it goes on, or when its records were edited.
    """
    run, approved = find_run(Workspace(host.root).journal, text_field(body, "run")), body.get("approved")
    if problem := host.journal.verified(run.id):
        raise ResumeError(f"run {run.id} can't be taken back: {problem}", hint="codegen runs verify")

    def shown(step: Step) -> Json:
        document = step.document(run.id)
        return host.veil.cover(document) if body.get("cover") is True else document

    if isinstance(approved, list):
        steps = await _Rollback(host, run, text_field(body, "by"), stop).revert(lambda step: shown(step) in approved)
    else:
        steps = plan(host, run.id)
    return {"version": 1, "run": run.id, "steps": [shown(step) for step in steps]}


def plan(host: Host, run: str) -> list[Step]:
    """What can be taken back of a run, in the order in which that is done."""
    made = calls_of(Workspace(host.root).journal, run)
    before = {number: call for call in made if (number := takes_back(call)) is not None}
    own = (call for call in reversed(made) if call.server and takes_back(call) is None)
    return [
        _step(host, call, before.get(call.number)) for call in own if call.state in _APPLIED and _writes(host, call)
    ]


def _writes(host: Host, call: CallRecord) -> bool:
    try:
        return not host.tools.find(call.server, call.tool).policy.reads
    except UnknownToolError:
        return True


def _step(host: Host, call: CallRecord, before: CallRecord | None) -> Step:
    """`before` is the latest attempt to take the call back."""
    if before is not None and before.state == "answered":
        return Step(call, "reverted", f"by call {before.number}")
    if call.state != "answered":
        return Step(call, "unknown", "it was sent, and no answer was recorded")
    try:
        inverse = _inverse(host, call)
    except UndoError as error:
        return Step(call, "no inverse", str(error))
    try:
        tool = host.tools.find(inverse.server, inverse.tool)
        tool.check(inverse.arguments)
        said = judge(tool, inverse, None, "normal", granted=False)
    except CodegenError as error:
        return Step(call, "failed", str(error))
    if before is not None and before.state in _APPLIED and not tool.policy.idempotent:
        return Step(call, "unknown", f"call {before.number}, which takes it back, was sent without an answer")
    return Step(call, "ready", said.why, inverse)


def _inverse(host: Host, call: CallRecord) -> Sent:
    """Raises UndoError."""
    overlay = host.settings.server(call.server).tools.get(call.tool)
    if overlay is None or overlay.undo is None:
        raise UndoError(f"codegen.toml says none: [servers.{call.server}.tools.{call.tool}] undo")
    arguments = inverse_arguments(overlay.undo, call)
    return Sent(call.number, call.server, overlay.undo.tool, arguments, f"takes back {call_line(call)}")


class _Rollback:
    """A rollback under way: its run is marked as going on, so that nobody resumes it or takes it back meanwhile."""

    def __init__(self, host: Host, run: RunRecord, by: str, stop: asyncio.Event) -> None:
        if not host.journal.again(run.id):
            raise ResumeError(f"run {run.id} goes on", hint="codegen runs shows when it has ended")
        made = calls_of(Workspace(host.root).journal, run.id)
        attempt = Attempt(run.id, made=max((call.number for call in made), default=0))
        self._caller = Caller(host, attempt, Clock(host.settings.run.time_limit), Line())
        self._host = host
        self._run = run
        self._by = by
        self._stop = stop

    async def revert(self, is_approved: Callable[[Step], bool]) -> list[Step]:
        steps = plan(self._host, self._run.id)
        try:
            for place, step in enumerate(steps):
                if step.state == "ready":
                    said = replace(step, why="it was not approved")
                    steps[place] = await self._revert(step) if is_approved(step) else said
        finally:
            self._end(is_reverted=any(step.state == "reverted" for step in steps))
        return steps

    async def _revert(self, step: Step) -> Step:
        """Make one inverse call, for as long as a run may take."""
        assert step.inverse is not None
        if self._stop.is_set():
            return replace(step, state="failed", why="not tried: it was interrupted")
        tool = self._host.tools.find(step.inverse.server, step.inverse.tool)
        call = replace(step.inverse, number=self._caller.new_number(), at="codegen rollback")
        identity = self._host.journal.identity(call.server, call.tool, call.arguments)
        why = f"{_MARK}{step.call.number}, approved by {self._by or 'a person'}"
        sending = asyncio.create_task(self._send(tool, call, identity, why))
        stopping = asyncio.create_task(self._stop.wait())
        limit = self._host.settings.run.time_limit
        try:
            await asyncio.wait({sending, stopping}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, stopping):
                task.cancel()
            await asyncio.wait({sending, stopping})
        if sending.cancelled():
            return replace(step, state="unknown", why=f"call {call.number} was sent without an answer")
        reply = sending.result()
        if "value" in reply:
            return replace(step, state="reverted", why=f"by call {call.number}")
        is_lost = self._host.journal.decision(self._run.id, call.number).state == "unknown"
        return replace(step, state="unknown" if is_lost else "failed", why=one_line(str(reply.get("error")), 500))

    async def _send(self, tool: Definition, call: Sent, identity: str, why: str) -> JsonObject:
        try:
            await self._host.sessions.open(call.server, tool.pinned)
        except CodegenError as error:
            self._host.journal.call_held(self._run.id, call, identity, "refused", f"{why}, but: {error}")
            return {"error": str(error)}
        return await self._caller.send(tool, call, identity, why)

    def _end(self, *, is_reverted: bool) -> None:
        """Record the run as it was before, or as taken back."""
        run = self._run
        state: RunState = "reverted" if is_reverted else run.state
        how = Ended(state, run.exit_code or 0, run.seconds or 0.0, run.output, run.stdout, run.stderr)
        self._host.journal.end(run.id, how, None if is_reverted else run.expires)
