"""One run: checked, confined, answered, recorded (DESIGN section 5)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from codegen.config.paths import Workspace
from codegen.errors import DivergedError, ResumeError, SandboxUnavailableError
from codegen.journal.read import calls_of
from codegen.journal.record import Ended, RunRecord, RunState
from codegen.model import JsonObject
from codegen.runtime.approval import grants
from codegen.runtime.calls import Attempt, Caller, Line
from codegen.runtime.check import Finding, Script
from codegen.runtime.child import Child
from codegen.runtime.clock import Clock
from codegen.runtime.entry import Entry, entry_of
from codegen.runtime.envelope import Told, envelope
from codegen.runtime.explain import Tree, signature_after, wall_after
from codegen.runtime.host import Host
from codegen.runtime.learn import Seen, learn
from codegen.runtime.remember import remember
from codegen.runtime.replay import Replay
from codegen.runtime.request import RunRequest
from codegen.runtime.wording import asked, call_line
from codegen.sandbox.backend import ExecResult
from codegen.sandbox.choose import Choice
from codegen.sandbox.verdict import by_limit

EXIT_CODES: dict[RunState, int] = {
    "succeeded": 0, "planned": 0, "failed": 1, "diverged": 1, "refused": 3, "waiting": 4, "timeout": 124,
    "cancelled": 130,
}  # fmt: skip
MOST_LEARNED = 5
"""Tools whose result a failed script is told of: it may have guessed its form."""

NO_SANDBOX = SandboxUnavailableError.exit_code


async def execute(
    request: RunRequest, host: Host, stop: asyncio.Event, line: Line, record: RunRecord | None = None
) -> JsonObject:
    """Run a script to its end, or until `stop` is set, and give the envelope: whatever the script does is a result.

    `line` leads to the command; `record` is the run that is resumed.
    Raises UsageError for an unknown sandbox, ResumeError for a run that goes on elsewhere.
    """
    start = time.perf_counter()
    script = Script(request.source, request.file)
    entry = entry_of(script, request.arguments, Workspace(host.root).skills)
    wall, no_wall = _wall(request, host)  # first: what it prepares comes up while the script is checked
    findings = (*(await host.checker.check(script) if request.check else ()), *entry.findings)
    attempt = _attempt(request, host, wall, findings, record)
    ended, caller = Ended("cancelled", EXIT_CODES["cancelled"], 0.0, None, "", ""), None
    try:
        if any(finding.blocking for finding in findings):
            ended = _ended("refused", start)
        elif wall is None:
            ended = replace(_ended("refused", start), exit_code=NO_SANDBOX, stderr=no_wall)
        else:
            clock = Clock(request.time_limit or host.settings.run.time_limit)
            caller = Caller(host, attempt, clock, line)
            ended = await _confined(_Confined(request, entry, wall, stop, clock), host, caller)
            ended = _left_waiting(_missed(ended, attempt), host, attempt)
            ended = await _learned(_explained(ended, request, host, wall), host, caller.seen)
    finally:
        expires = time.time() + host.settings.approval.expires if ended.state == "waiting" else None
        host.journal.end(attempt.run, ended, expires)
    if ended.state == "succeeded":
        await asyncio.to_thread(remember, host, attempt.run)
    waiting = _waiting(host, attempt.run) if ended.state == "waiting" else ()
    return await _envelope(attempt.run, host, ended, _told(wall, findings, caller, waiting))


def _attempt(
    request: RunRequest, host: Host, wall: Choice | None, findings: tuple[Finding, ...], record: RunRecord | None
) -> Attempt:
    """A first attempt, written down with its run; or another one of a run, with what is recorded of it."""
    told = frozenset(finding.hint for finding in findings)
    if record is None:
        run = host.journal.begin(request.file, request.source, request.arguments, _level(wall), request.options)
        return Attempt(run, request.mode, told=told)
    if problem := host.journal.verified(record.id):
        raise ResumeError(f"run {record.id} can't go on: {problem}", hint="codegen runs verify; run the script again")
    if record.redacted or record.lost:
        why = record.lost or "its source or arguments held a secret, which is not recorded"
        raise ResumeError(f"run {record.id} can't go on: {why}", hint="run the script again")
    if not host.journal.again(record.id):
        raise ResumeError(f"run {record.id} goes on already", hint="codegen runs shows when it has ended")
    made = calls_of(Workspace(host.root).journal, record.id)
    granted = frozenset((call.server, call.tool) for call in made if grants(call))
    last = max((call.number for call in made), default=0)
    return Attempt(record.id, request.mode, last, Replay(made), granted, told)


def _left_waiting(ended: Ended, host: Host, attempt: Attempt) -> Ended:
    """Who leaves at the question leaves it for later."""
    if ended.state != "cancelled" or not _waiting(host, attempt.run):
        return ended
    return replace(ended, state="waiting", exit_code=EXIT_CODES["waiting"])


def _waiting(host: Host, run: str) -> tuple[JsonObject, ...]:
    made = calls_of(Workspace(host.root).journal, run)
    return tuple(asked(run, call, call.why) for call in made if call.state == "waiting")


def _told(
    wall: Choice | None, findings: tuple[Finding, ...], caller: Caller | None, waiting: tuple[JsonObject, ...]
) -> Told:
    planned = tuple(asked("", call, "") for call in caller.planned) if caller else ()
    weaker = tuple(wall.found.weaker) if wall else ()
    return Told(_level(wall), weaker, findings, caller.count if caller else 0, waiting, planned)


@dataclass(frozen=True, slots=True)
class _Confined:
    """A run that has passed the check."""

    request: RunRequest
    entry: Entry
    wall: Choice
    stop: asyncio.Event
    clock: Clock


def _wall(request: RunRequest, host: Host) -> tuple[Choice | None, str]:
    """The sandbox of this run, or why there is none."""
    try:
        choice = host.walls.choose(request.sandbox)
    except SandboxUnavailableError as error:
        return None, f"{error}\n"
    host.walls.prepare(choice.backend)
    return choice, ""


async def _confined(run: _Confined, host: Host, caller: Caller) -> Ended:
    start = time.perf_counter()
    child = await host.walls.start(run.wall.backend, run.clock.seconds)
    try:
        async with run.clock:
            await child.begin(_start_frame(run, host.root))
            await _unless((asyncio.ensure_future(run.stop.wait()), caller.stopped), child.serve(caller.answer))
    except TimeoutError:
        child.end(by_limit("time"))
    finally:
        if run.stop.is_set() or caller.stopped.done():
            child.end(ExecResult("killed"))
        await child.close()
    found = child.ended
    assert found is not None
    return _judged(found, _Seen(run, child, start, caller.stopped))


@dataclass(frozen=True, slots=True)
class _Seen:
    """A run that is over."""

    run: _Confined
    child: Child
    start: float
    stopped: asyncio.Future[DivergedError | None]


def _judged(found: ExecResult, seen: _Seen) -> Ended:
    start, child = seen.start, seen.child
    if found.reason == "killed" and seen.stopped.done() and not seen.stopped.cancelled():
        diverged = seen.stopped.result()
        return _ended("diverged", start, child, f"{diverged}\n") if diverged else _ended("waiting", start, child)
    if seen.run.stop.is_set() and found.reason == "killed":
        return _ended("cancelled", start, child)
    if found.limit == "time":
        limit = seen.run.clock.seconds
        return _ended("timeout", start, child, f"the time limit of {limit:g} s was reached; the run was ended\n")
    if found.reason == "sandbox":
        return replace(_ended("refused", start, child, f"{found.text}\n"), exit_code=NO_SANDBOX)
    if found.reason == "exit":
        said = f"the script ended with exit code {found.code}\n" if (found.code or 0) > 1 else ""
        passed: RunState = "planned" if seen.run.request.mode == "dry-run" else "succeeded"
        return _ended("failed" if found.code else passed, start, child, said)
    return _ended("failed", start, child, f"the run was ended: {found.text}\n")


def _missed(ended: Ended, attempt: Attempt) -> Ended:
    """Say which calls of earlier attempts a script that came to its end has not made again."""
    left = attempt.replay.left
    if ended.state != "succeeded" or not left:
        return ended
    first = call_line(left[0])
    note = f"note: {len(left)} call(s) of earlier attempts were not made this time, first: {first}\n"
    return replace(ended, stderr=ended.stderr + note)


def _explained(ended: Ended, request: RunRequest, host: Host, wall: Choice) -> Ended:
    """A script that failed because a tool's function doesn't take what it was given is told what it takes; one that
    failed at the sandbox, what that lets through.
    """
    if ended.state != "failed":
        return ended
    told = signature_after(ended.stderr, request.source, Tree(host.root, host.signature))
    told = told or ("" if wall.backend.name == "none" else wall_after(ended.stderr, host.root))
    return replace(ended, stderr=f"{ended.stderr}  {told}\n") if told else ended


async def _learned(ended: Ended, host: Host, seen: Seen) -> Ended:
    """What was seen of undeclared results is in the tree from here on; a script that failed is told what it was."""
    if not seen.shapes:
        return ended
    changed = await asyncio.to_thread(learn, Workspace(host.root), host.settings, seen)
    if ended.state != "failed" or not changed:
        return ended
    lines = (f"learned: {host.signature(path)}\n" for path in changed[:MOST_LEARNED])
    return replace(ended, stderr=ended.stderr + "".join(lines))


async def _unless(ends: tuple[asyncio.Future[Any], ...], work: Coroutine[None, None, object]) -> None:
    """Await `work`, and give it up when one of `ends` is done before."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task, *ends}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
    finally:
        for each in (task, *ends):
            each.cancel()
        await asyncio.wait({task})


def _start_frame(run: _Confined, root: Path) -> JsonObject:
    request, on_disk = run.request, not run.request.file.startswith("<")
    file = str(Path(root, request.file)) if on_disk else request.file
    return {
        "start": {
            "source": request.source,
            "file": file,
            "argv": [*request.arguments],
            "path": [str(root), *([str(Path(file).parent)] if on_disk else [])],
            "arguments": run.entry.named,
            "call_main": run.entry.called,
        }
    }


def _ended(state: RunState, start: float, child: Child | None = None, note: str = "") -> Ended:
    stdout, stderr = (child.stdout.text, child.stderr.text) if child else ("", "")
    output = child.result if child else None
    if output is not None:
        stdout += ("\n" if stdout and not stdout.endswith("\n") else "") + json.dumps(output, ensure_ascii=False) + "\n"
    return Ended(state, EXIT_CODES[state], time.perf_counter() - start, output, stdout, stderr + note)


def _level(wall: Choice | None) -> str:
    return wall.level if wall else "unavailable"


async def _envelope(run: str, host: Host, ended: Ended, told: Told) -> JsonObject:
    """Beside the loop where all that was printed is looked through: of a megabyte, that takes a second."""
    make = partial(envelope, host.root, run, ended, told, host.settings.run.output_limit, host.veil)
    return await asyncio.to_thread(make) if host.veil.is_on else make()
