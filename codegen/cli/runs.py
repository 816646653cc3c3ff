"""`codegen runs`: the journal, newest first; one run with its calls; is all as it was written; export, prune."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser, Namespace
from dataclasses import asdict, replace
from pathlib import Path

from codegen.cli import output
from codegen.cli.moments import moment
from codegen.cli.options import parser, workspace
from codegen.config.paths import Workspace, is_agent
from codegen.config.settings import load_settings
from codegen.errors import UsageError
from codegen.journal.read import calls_of, find_run, recent_runs
from codegen.journal.record import CallRecord, RunRecord, RunState, Wanted
from codegen.journal.verify import verify
from codegen.model import Json

WIDTH = 160
"""Characters of an argument or result that `show` prints; --full prints all."""

FAILED: tuple[RunState, ...] = ("failed", "refused", "diverged", "timeout", "cancelled", "interrupted", "expired")


def main(words: list[str]) -> int:
    options = _options()
    arguments = options.parse_args(words)
    if is_agent() and (arguments.clear or arguments.action == "prune"):
        options.error("what is kept back, or kept, is not for an agent to decide")
    place = workspace(arguments.workspace)
    if arguments.action not in {"show", "verify"} and arguments.id:
        raise UsageError(f"runs {arguments.action} takes no id", hint="codegen runs export --run ID")
    return {"list": _list, "show": _show, "verify": _verify, "export": _export, "prune": _prune}[arguments.action](
        place, arguments
    )


def _options() -> ArgumentParser:
    options = parser(
        "runs", "List runs, show one, verify that nobody edited the journal, export or prune it.",
        "codegen runs -n 5", "codegen runs --failed --since 2h", "codegen runs --tool 'github.*'",
        "codegen runs show last", "codegen runs verify", "codegen runs export --format otel -o traces.jsonl",
        "codegen runs prune --older-than 30d --keep 100 --dry-run",
    )  # fmt: skip
    add = options.add_argument
    add("action", nargs="?", choices=["list", "show", "verify", "export", "prune"], default="list")
    add("id", nargs="?", help="with show and verify: an id, its beginning, or last")
    add("-n", type=int, metavar="N", help="how many (list: 20, export: all)")
    add("--failed", action="store_true", help="list, export: those that did not succeed")
    add("--pending", action="store_true", help="list, export: those that wait for an approval")
    add("--tool", default="", metavar="X", help="list, export: those that called a server, server.tool or pattern")
    add("--since", default="", metavar="TIME", help="list, export: those that began since 2h, 30d or 2026-11-01")
    add("--full", action="store_true", help="show: nothing shortened")
    add("--clear", action="store_true", help="show: personal data too that [privacy] of codegen.toml keeps back")
    add("--format", choices=["jsonl", "otel"], default="jsonl", help="export: lines, or traces (OTLP) one a line")
    add("--run", default="", metavar="ID", help="export: this run alone")
    add("-o", "--output", metavar="FILE", help="export: default is stdout")
    add("--older-than", default="", metavar="TIME", help="prune: those that began before 30d or 2026-11-01")
    add("--keep", type=int, default=0, metavar="N", help="prune: the newest N stay")
    add("--dry-run", action="store_true", help="prune: only say which")
    add("--json", action="store_true", help="print JSON")
    return options


def _wanted(place: Workspace, arguments: Namespace, count: int) -> tuple[RunRecord, ...]:
    states = (*(FAILED if arguments.failed else ()), *(("waiting",) if arguments.pending else ()))
    since = moment(arguments.since) if arguments.since else 0.0
    return recent_runs(place.journal, arguments.n or count, Wanted(states, since, arguments.tool))


def _list(place: Workspace, arguments: Namespace) -> int:
    runs = _wanted(place, arguments, 20)
    if arguments.json:
        output.document({"version": 1, "runs": [_brief(run) for run in runs]})
    elif not runs:
        output.line("no runs yet" if not recent_runs(place.journal, 1) else "no such runs")
    else:
        output.table([_row(run) for run in runs])
    return 0


def _verify(place: Workspace, arguments: Namespace) -> int:
    """Whether the journal, or all of it since one run began, is as it was written."""
    run = find_run(place.journal, arguments.id).id if arguments.id else ""
    found = verify(place.journal, run)
    if arguments.json:
        output.document({"version": 1, "intact": not found.problem, **asdict(found)})
    else:
        output.line(found.problem or f"{found.records:,} records, each as it was written")
    return 1 if found.problem else 0


def _export(place: Workspace, arguments: Namespace) -> int:
    from codegen.journal.export import as_lines, as_traces

    runs = (find_run(place.journal, arguments.run),) if arguments.run else _wanted(place, arguments, sys.maxsize)
    lines = (as_lines if arguments.format == "jsonl" else as_traces)(place.journal, reversed(runs))
    if not arguments.output:
        for line in lines:
            output.line(line)
        return 0
    try:
        with Path(arguments.output).open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise UsageError(f"{arguments.output} can't be written: {error.strerror}") from None
    output.remark(f"{len(runs):,} runs in {arguments.output}")
    return 0


def _prune(place: Workspace, arguments: Namespace) -> int:
    from codegen.journal.prune import prune

    if not arguments.older_than and not arguments.keep:
        raise UsageError("which runs may go?", hint="codegen runs prune --older-than 30d, or --keep 100, or both")
    before = moment(arguments.older_than) if arguments.older_than else time.time()
    found = prune(place.journal, before, arguments.keep, dry=arguments.dry_run)
    if arguments.json:
        output.document({"version": 1, "dry_run": arguments.dry_run, "runs": [*found.runs], "freed": found.freed})
    elif arguments.dry_run:
        output.line(f"{len(found.runs):,} runs would go{': ' if found.runs else ''}{' '.join(found.runs)}")
    else:
        output.line(f"{len(found.runs):,} runs are gone, and {found.freed / 1e6:,.1f} MB with them")
    return 0


def _row(run: RunRecord) -> tuple[str, ...]:
    seconds = f"{run.seconds:.2f} s" if run.seconds is not None else "-"
    calls = f"{run.calls} call{'' if run.calls == 1 else 's'}"
    return run.id, _clock(run.started), run.state, calls, seconds, run.script


def _brief(run: RunRecord) -> Json:
    return {key: value for key, value in asdict(run).items() if key not in {"source", "stdout", "stderr", "output"}}


def _clock(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))


def _show(place: Workspace, arguments: Namespace) -> int:
    run = find_run(place.journal, arguments.id or "last")
    calls = calls_of(place.journal, run.id)
    if not arguments.clear:
        run, calls = _covered(place, run, calls)
    if arguments.json:
        output.document({"version": 1, "run": asdict(run), "calls": [asdict(call) for call in calls]})
        return 0
    output.line("  ".join((*_row(run), f"sandbox {run.sandbox}", *_more(run))))
    for call in calls:
        output.line(_call(call, 1 << 30 if arguments.full else WIDTH))
    for name, text in (("stdout", run.stdout), ("stderr", run.stderr)):
        if text and not arguments.full:
            output.line(f"{name}: {_cut(text.strip(), WIDTH * 3)}")
    if arguments.full:
        output.line(f"\n# source\n{run.source}\n# stdout\n{run.stdout}\n# stderr\n{run.stderr}".rstrip())
    return 0


def _covered(
    place: Workspace, run: RunRecord, calls: tuple[CallRecord, ...]
) -> tuple[RunRecord, tuple[CallRecord, ...]]:
    """Both as the model may see them: an agent has this command, too."""
    settings = load_settings(place.settings).privacy
    if not settings.redact and not settings.patterns:
        return run, calls
    from codegen.privacy.veil import Veil

    veil = Veil(settings, place.state)
    source, stdout, stderr = map(veil.text, (run.source, run.stdout, run.stderr))
    shown = replace(run, source=source, stdout=stdout, stderr=stderr, output=veil.cover(run.output))
    made = [replace(call, arguments=veil.cover(call.arguments), answer=veil.cover(call.answer)) for call in calls]
    veil.close()
    return shown, tuple(made)


def _more(run: RunRecord) -> list[str]:
    said = [f"attempt {run.attempts}"] if run.attempts > 1 else []
    said += [f"until {_clock(run.expires)}"] if run.expires else []
    return [*said, *([run.lost] if run.lost else [])]


def _call(call: CallRecord, width: int) -> str:
    said = ", ".join(f"{name}={_short(value, width)}" for name, value in call.arguments.items())
    name = f"{call.server}.{call.tool}({said})" if call.server else f"step({_short(call.tool, width)})"
    place = f"  at {call.at}" if call.at else ""
    why = f"  ({_cut(call.why, width)})" if call.why else ""
    return f"{call.number:>4}  {name} {_outcome(call, width)}{place}{why}"


def _outcome(call: CallRecord, width: int) -> str:
    if call.lost:
        return f"{call.state}, but {call.lost}"
    took = f"[{(call.seconds or 0) * 1000:.0f} ms]"
    if call.state == "answered":
        return f"-> {_short(call.answer, width)}  {took}"
    if call.state in {"failed", "unknown"}:
        return f"! {_short(call.answer, width)}  {took}"
    return "[sent, no answer]" if call.state == "sent" else f"[{call.state}]"


def _short(value: object, width: int) -> str:
    return _cut(json.dumps(value, ensure_ascii=False), width)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[:width]}…"
