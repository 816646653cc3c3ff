"""`codegen pending`: the calls that wait for an approval, and until when."""

from __future__ import annotations

import time

from codegen.cli import output
from codegen.cli.options import parser, workspace
from codegen.config.paths import Workspace
from codegen.journal.read import calls_of, waiting_runs
from codegen.journal.record import RunRecord
from codegen.model import JsonObject
from codegen.runtime.wording import asked, asked_list


def main(words: list[str]) -> int:
    options = parser("pending", "List the calls that wait for an approval.", "codegen pending")
    options.add_argument("--json", action="store_true", help="print JSON")
    arguments = options.parse_args(words)
    place = workspace(arguments.workspace)
    runs = [(run, calls) for run in waiting_runs(place.journal) if (calls := _waiting(place, run))]
    if arguments.json:
        output.document({"version": 1, "waiting": [_document(run, calls) for run, calls in runs]})
        return 0
    if not runs:
        output.line("nothing waits for an approval")
    for run, calls in runs:
        output.line(f"run {run.id}  {run.script}  {_until(run.expires)}")
        for line in asked_list(calls):
            output.line(line)
        output.line(f"  codegen approve {run.id}   or   codegen reject {run.id} --reason TEXT")
    return 0


def _waiting(place: Workspace, run: RunRecord) -> list[JsonObject]:
    return [asked(run.id, call, call.why) for call in calls_of(place.journal, run.id) if call.state == "waiting"]


def _document(run: RunRecord, calls: list[JsonObject]) -> JsonObject:
    return {"run": run.id, "script": run.script, "expires": run.expires, "calls": [*calls]}


def _until(expires: float | None) -> str:
    if expires is None:
        return "asks where it was started"
    if expires < time.time():
        return "expired: run it again"
    return f"until {time.strftime('%Y-%m-%d %H:%M', time.localtime(expires))}"
