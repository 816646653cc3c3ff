"""One run: checked, confined, answered, recorded (DESIGN section 5)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from pathlib import Path

from codegen.config.paths import Workspace
from codegen.errors import BrokerError, SandboxUnavailableError
from codegen.model import Json, JsonObject
from codegen.runtime.calls import Caller
from codegen.runtime.check import Finding, Script
from codegen.runtime.child import Child
from codegen.runtime.entry import Entry, entry_of
from codegen.runtime.explain import Tree, signature_after
from codegen.runtime.host import Host
from codegen.runtime.journal import Ended, RunState
from codegen.runtime.learn import Seen, learn
from codegen.runtime.output import shorten, write_in_data
from codegen.runtime.remember import remember
from codegen.runtime.wire import text_field
from codegen.sandbox.backend import ExecResult
from codegen.sandbox.choose import Choice
from codegen.sandbox.verdict import by_limit

VERSION = 1
"""Of the envelope that a run ends with: a contract (`codegen run --json`), only ever added to."""

EXIT_CODES: dict[RunState, int] = {"succeeded": 0, "failed": 1, "refused": 3, "timeout": 124, "cancelled": 130}
MOST_LEARNED = 5
"""Tools whose result a failed script is told of: it may have guessed its form."""

NO_SANDBOX = SandboxUnavailableError.exit_code


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run; `time_limit` is in seconds, and None takes the settings'."""

    source: str
    file: str
    arguments: tuple[str, ...] = ()
    time_limit: float | None = None
    sandbox: str | None = None
    check: bool = True


def request_from(body: object) -> RunRequest:
    """Read a command's request. Raises BrokerError."""
    if not isinstance(body, dict) or not isinstance(body.get("source"), str):
        raise BrokerError("a run needs its source")
    limit = body.get("time_limit")
    if isinstance(limit, int | float) and not 0 < limit < float("inf"):
        raise BrokerError(f"a time limit of {limit} s: expected a number above 0")
    return RunRequest(
        source=body["source"],
        file=text_field(body, "file") or "<script>",
        arguments=tuple(str(each) for each in body.get("arguments") or ()),
        time_limit=float(limit) if isinstance(limit, int | float) else None,
        sandbox=text_field(body, "sandbox") or None,
        check=body.get("check") is not False,
    )


async def execute(request: RunRequest, host: Host, stop: asyncio.Event) -> JsonObject:
    """Run a script to its end, or until `stop` is set, and give the envelope: whatever the script does is a result.

    Raises UsageError for an unknown sandbox.
    """
    start = time.perf_counter()
    script = Script(request.source, request.file)
    entry = entry_of(script, request.arguments)
    wall, no_wall = _wall(request, host)  # first: what it prepares comes up while the script is checked
    findings = (*(await host.checker.check(script) if request.check else ()), *entry.findings)
    run = host.journal.begin(request.file, request.source, request.arguments, _level(wall))
    ended = Ended("cancelled", EXIT_CODES["cancelled"], 0.0, None, "", "")
    told = frozenset(finding.hint for finding in findings)
    caller = Caller(run, host.root, host.definitions, host.sessions, host.journal, told)
    try:
        if any(finding.blocking for finding in findings):
            ended = _ended("refused", start)
        elif wall is None:
            ended = replace(_ended("refused", start), exit_code=NO_SANDBOX, stderr=no_wall)
        else:
            ended = await _confined(_Confined(request, entry, wall, stop), host, caller)
            ended = await _learned(_explained(ended, request, host), host, caller.seen)
    finally:
        host.journal.end(run, ended)
    if ended.state == "succeeded":
        await asyncio.to_thread(remember, host, run)
    return _envelope(run, wall, host, ended, findings, caller.count)


@dataclass(frozen=True, slots=True)
class _Confined:
    """A run that has passed the check."""

    request: RunRequest
    entry: Entry
    wall: Choice
    stop: asyncio.Event


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
    limit = run.request.time_limit or host.settings.run.time_limit
    child = await host.walls.start(run.wall.backend, limit)
    try:
        async with asyncio.timeout(limit):
            await child.begin(_start_frame(run, host.root))
            await _unless(run.stop, child.serve(caller.answer))
    except TimeoutError:
        child.end(by_limit("time"))
    finally:
        if run.stop.is_set():
            child.end(ExecResult("killed"))
        await child.close()
    found = child.ended
    assert found is not None
    return _judged(found, _Seen(run, child, start, limit))


@dataclass(frozen=True, slots=True)
class _Seen:
    """A run that is over."""

    run: _Confined
    child: Child
    start: float
    limit: float


def _judged(found: ExecResult, seen: _Seen) -> Ended:
    start, child = seen.start, seen.child
    if seen.run.stop.is_set() and found.reason == "killed":
        return _ended("cancelled", start, child)
    if found.limit == "time":
        return _ended("timeout", start, child, f"the time limit of {seen.limit:g} s was reached; the run was ended\n")
    if found.reason == "sandbox":
        return replace(_ended("refused", start, child, f"{found.text}\n"), exit_code=NO_SANDBOX)
    if found.reason == "exit":
        said = f"the script ended with exit code {found.code}\n" if (found.code or 0) > 1 else ""
        return _ended("failed" if found.code else "succeeded", start, child, said)
    return _ended("failed", start, child, f"the run was ended: {found.text}\n")


def _explained(ended: Ended, request: RunRequest, host: Host) -> Ended:
    """A script that failed because a tool's function doesn't take what it was given is told what it takes."""
    if ended.state != "failed":
        return ended
    signature = signature_after(ended.stderr, request.source, Tree(host.root, host.signature))
    return replace(ended, stderr=f"{ended.stderr}  {signature}\n") if signature else ended


async def _learned(ended: Ended, host: Host, seen: Seen) -> Ended:
    """What was seen of undeclared results is in the tree from here on; a script that failed is told what it was."""
    if not seen.shapes:
        return ended
    changed = await asyncio.to_thread(learn, Workspace(host.root), host.settings, seen)
    if ended.state != "failed" or not changed:
        return ended
    lines = (f"learned: {host.signature(path)}\n" for path in changed[:MOST_LEARNED])
    return replace(ended, stderr=ended.stderr + "".join(lines))


async def _unless(stop: asyncio.Event, work: Coroutine[None, None, object]) -> None:
    """Await `work`, and give it up when `stop` is set before."""
    tasks = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            tasks[0].result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


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


def _envelope(
    run: str, wall: Choice | None, host: Host, ended: Ended, findings: tuple[Finding, ...], calls: int
) -> JsonObject:
    limit = host.settings.run.output_limit
    stdout, stderr = (_shown(host.root, run, name, text, limit) for name, text in _streams(ended))
    output = ended.output if len(json.dumps(ended.output)) <= limit else None
    return {
        "version": VERSION,
        "id": run,
        "success": ended.state == "succeeded",
        "state": ended.state,
        "exit_code": ended.exit_code,
        "output": output,
        "stdout": stdout,
        "stderr": stderr,
        "findings": [_finding(finding) for finding in findings],
        "calls": calls,
        "duration_s": round(ended.seconds, 3),
        "truncated": stdout != ended.stdout or stderr != ended.stderr or output != ended.output,
        "sandbox": _level(wall),
        "weaker": [*wall.found.weaker] if wall else [],
    }


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
