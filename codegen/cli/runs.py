"""`codegen runs`: the journal, newest first; `codegen runs show ID`: one run with its calls."""

from __future__ import annotations

import json
import time
from argparse import Namespace
from dataclasses import asdict

from codegen.cli import output
from codegen.cli.options import parser, workspace
from codegen.config.paths import Workspace
from codegen.journal.read import calls_of, find_run, recent_runs
from codegen.journal.record import CallRecord, RunRecord
from codegen.journal.verify import verify
from codegen.model import Json

WIDTH = 160
"""Characters of an argument or result that `show` prints; --full prints all."""


def main(words: list[str]) -> int:
    options = parser("runs", "List runs, or show one.", "codegen runs -n 5", "codegen runs show last")
    options.add_argument("action", nargs="?", choices=["list", "show", "verify"], default="list")
    options.add_argument("id", nargs="?", help="with show and verify: an id, its beginning, or last")
    options.add_argument("-n", type=int, default=20, metavar="N", help="how many (default 20)")
    options.add_argument("--full", action="store_true", help="with show: nothing shortened")
    options.add_argument("--json", action="store_true", help="print JSON")
    arguments = options.parse_args(words)
    place = workspace(arguments.workspace)
    if arguments.action == "show":
        return _show(place, arguments)
    if arguments.action == "verify":
        return _verify(place, arguments)
    runs = recent_runs(place.journal, arguments.n)
    if arguments.json:
        output.document({"version": 1, "runs": [_brief(run) for run in runs]})
    elif not runs:
        output.line("no runs yet")
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


def _row(run: RunRecord) -> tuple[str, ...]:
    seconds = f"{run.seconds:.2f} s" if run.seconds is not None else "-"
    return (
        run.id,
        _clock(run.started),
        run.state,
        f"{run.calls} call{'' if run.calls == 1 else 's'}",
        seconds,
        run.script,
    )


def _brief(run: RunRecord) -> Json:
    return {key: value for key, value in asdict(run).items() if key not in {"source", "stdout", "stderr", "output"}}


def _clock(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))


def _show(place: Workspace, arguments: Namespace) -> int:
    run = find_run(place.journal, arguments.id or "last")
    calls = calls_of(place.journal, run.id)
    if arguments.json:
        output.document({"version": 1, "run": asdict(run), "calls": [asdict(call) for call in calls]})
        return 0
    output.line("  ".join((*_row(run), f"sandbox {run.sandbox}")))
    for call in calls:
        output.line(_call(call, 1 << 30 if arguments.full else WIDTH))
    for name, text in (("stdout", run.stdout), ("stderr", run.stderr)):
        if text and not arguments.full:
            output.line(f"{name}: {_cut(text.strip(), WIDTH * 3)}")
    if arguments.full:
        output.line(f"\n# source\n{run.source}\n# stdout\n{run.stdout}\n# stderr\n{run.stderr}".rstrip())
    return 0


def _call(call: CallRecord, width: int) -> str:
    took = f"{call.seconds * 1000:.0f} ms" if call.seconds is not None else "no answer"
    mark = "!" if call.state == "failed" else "->"
    said = ", ".join(f"{name}={_short(value, width)}" for name, value in call.arguments.items())
    return f"{call.number:>4}  {call.server}.{call.tool}({said}) {mark} {_short(call.answer, width)}  [{took}]"


def _short(value: object, width: int) -> str:
    return _cut(json.dumps(value, ensure_ascii=False), width)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[:width]}…"
