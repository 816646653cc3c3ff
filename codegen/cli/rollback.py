"""`codegen rollback`: takes back what a run wrote, by the inverse calls that codegen.toml pairs."""

from __future__ import annotations

import sys

from codegen.cli import output
from codegen.cli.options import parser, workspace
from codegen.cli.person import person
from codegen.cli.run import can_ask, send
from codegen.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from codegen.model import Json, JsonObject


def main(words: list[str]) -> int:
    options = parser(
        "rollback",
        "Take back what a run wrote: the inverse of each write is called, the last one first.",
        "codegen rollback last --dry-run",
        "codegen rollback 1a2b3c4d",
    )
    options.add_argument("id", help="the run's id, its beginning, or last")
    options.add_argument("--dry-run", action="store_true", help="only show the calls that would be made")
    options.add_argument("--yes", action="store_true", help="approve every one of these calls")
    options.add_argument("--json", action="store_true", help="print JSON")
    arguments = options.parse_args(words)
    place = workspace(arguments.workspace)
    asks = can_ask(as_json=arguments.json)
    report = send(place, {"rollback": {"run": arguments.id, "cover": not asks}})
    ready: list[Json] = [step for step in _steps(report) if step["state"] == "ready"]
    if ready and not arguments.dry_run:
        if not arguments.yes and not _approves(report, asks=asks):
            output.remark("nothing was taken back")
            return 1
        approval: JsonObject = {"run": report["run"], "approved": ready, "by": person(), "cover": not asks}
        report = send(place, {"rollback": approval})
    if arguments.json:
        output.document(report)
    else:
        _show(report)
    done = {"reverted", "ready"} if arguments.dry_run else {"reverted"}
    return 0 if all(step["state"] in done for step in _steps(report)) else 1


def _approves(report: JsonObject, *, asks: bool) -> bool:
    """Whether a person at the terminal says yes to what he is shown."""
    if not asks:
        hint = "look with --dry-run, then approve with --yes"
        raise UsageError("there is no terminal to ask somebody at, so nothing was taken back", hint=hint)
    _show(report)
    output.remark("make these calls? [y]es  [n]o ")
    return sys.stdin.readline().strip().lower()[:1] == "y"


def _show(report: JsonObject) -> None:
    """The inverse calls that wait for a yes whole, of the others what became of them."""
    from codegen.runtime.wording import asked_lines

    steps = _steps(report)
    output.line(f"run {report['run']} wrote {len(steps) or 'nothing'}" + (", the last one first:" if steps else ""))
    for step in steps:
        if step["state"] == "ready":
            output.line(asked_lines(_object(step["inverse"])))
        else:
            output.line(f"  {step['number']}  {step['state']}: {step['line']}")
            if step["why"]:
                output.line("       " + str(step["why"]).replace("\n", "\n       "))


def _steps(report: JsonObject) -> list[JsonObject]:
    steps = report["steps"]
    return [_object(step) for step in steps] if isinstance(steps, list) else []


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}
