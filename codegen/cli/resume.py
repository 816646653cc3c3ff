"""`codegen resume`: a run that stopped goes on; calls that were completed are answered from the journal."""

from __future__ import annotations

from codegen.cli import output
from codegen.cli.options import parser, workspace
from codegen.cli.run import can_ask, send, show
from codegen.config.paths import Workspace
from codegen.model import JsonObject


def main(words: list[str]) -> int:
    options = parser(
        "resume",
        "Run a script again that stopped (approval, crash, time limit): what was done is not done twice.",
        "codegen resume last",
        "codegen resume 1a2b3c4d --time-limit 900",
    )
    options.add_argument("id", help="the run's id, its beginning, or last: the last that stopped")
    options.add_argument("--time-limit", type=float, metavar="SECONDS", help="default: what the run was started with")
    options.add_argument("--json", action="store_true", help="print one JSON envelope")
    arguments = options.parse_args(words)
    place = workspace(arguments.workspace)
    command: JsonObject = {
        "run": _last(place) if arguments.id == "last" else arguments.id,
        "asks": can_ask(as_json=arguments.json),
        "time_limit": arguments.time_limit,
    }
    return show(send(place, {"resume": command}), as_json=arguments.json)


def _last(place: Workspace) -> str:
    """The newest run, where it can go on; else the newest that was stopped, which is named; else the newest."""
    from codegen.journal.read import recent_runs
    from codegen.journal.record import FINISHED, STOPPED, Wanted

    newest = recent_runs(place.journal, 1)
    if not newest or newest[0].state not in FINISHED:
        return "last"
    stopped = recent_runs(place.journal, 1, Wanted(states=STOPPED))
    for run in stopped:
        output.remark(f"the last run {newest[0].state}; this is run {run.id}  {run.script}  ({run.state})")
    return stopped[0].id if stopped else "last"
