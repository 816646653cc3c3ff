"""`codegen plan`: what a script can do, before it runs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from codegen.cli import output
from codegen.cli.options import parser, workspace
from codegen.cli.run import read_source
from codegen.errors import ScriptError
from codegen.generate.literals import one_line
from codegen.model import Json, JsonObject
from codegen.policy.conditions import Unknown, is_known
from codegen.policy.explain import foreseen
from codegen.workspace.plan import Plan, PlannedCall, plan

WIDTH = 48
"""Characters shown of a call's arguments."""


def main(words: list[str]) -> int:
    options = parser(
        "plan",
        "Which tools a script and the skills it imports can call, which of them write, and what codegen.toml makes of"
        " these calls, found in the source: nothing is run. What only a run will show is named as such.",
        "codegen plan scripts/report.py",
        "codegen plan - < script.py",
        "codegen plan -c 'from servers.shop import delete_order as d; d(order=1)' --json",
    )
    options.add_argument("script", nargs="?", help="a file, or - for standard input")
    options.add_argument("-c", dest="code", metavar="CODE", help="the script itself")
    options.add_argument("--json", action="store_true", help="print JSON")
    arguments = options.parse_args(words)
    if (arguments.script is None) == (arguments.code is None):
        options.error("give one script: a file, - or -c CODE")
    place = workspace(arguments.workspace)
    made = plan(place, *read_source(arguments, place))
    if arguments.json:
        calls: list[Json] = [_call(call) for call in made.calls]
        unclear: list[Json] = [asdict(each) for each in made.unclear]
        output.document({"version": 1, **_summary(made), "calls": calls, "unclear": unclear})
    else:
        _tell(made)
    if made.absent:
        output.remark(f"codegen run refuses this script: there is no tool {', '.join(made.absent)}")
    return ScriptError.exit_code if made.absent else 0


def _summary(made: Plan) -> dict[str, Json]:
    """Tools by what they do and by what may become of a call of them; `files` are all that were read."""
    return {
        "files": list(made.files),
        "tools": _paths(made.calls),
        "writes": _paths(call for call in made.calls if call.writes),
        "asks": _paths(call for call in made.calls if "ask" in call.actions),
        "denied": _paths(call for call in made.calls if "deny" in call.actions),
    }


def _paths(calls: Iterable[PlannedCall]) -> list[Json]:
    return [*dict.fromkeys(call.path for call in calls)]


def _call(call: PlannedCall) -> Json:
    """`all_shown`: no other arguments are given than those here; the values of `unknown` are made at run time."""
    given = call.arguments
    arguments: JsonObject = {name: value for name, value in given.items() if is_known(value)}
    return {
        "tool": call.path,
        "file": call.file,
        "line": call.line,
        "effect": call.facts.effect,
        "writes": call.writes,
        "in_loop": call.in_loop,
        "handed_on": call.handed_on,
        "arguments": arguments,
        "unknown": [name for name in given if name not in arguments],
        "all_shown": not isinstance(given, Unknown),
        "decisions": [{**asdict(outcome.decision), "when": outcome.when} for outcome in call.outcomes],
    }


def _tell(made: Plan) -> None:
    if made.calls:
        output.table([_row(call) for call in made.calls])
    if made.unclear:
        output.line("unclear:")
        output.table([(f"  {each.file}:{each.line}", each.what, _reach(each.reach)) for each in made.unclear])
    summary = _summary(made)
    counts = {word: len(paths) for word, paths in summary.items() if isinstance(paths, list)}
    tools = f"{counts['tools']} tool{'' if counts['tools'] == 1 else 's'}"
    said = f"{counts['writes']} may write, {counts['asks']} may need approval, {counts['denied']} may be denied"
    output.line(f"{tools}: {said}" if made.calls else "no tool is named")


def _row(call: PlannedCall) -> tuple[str, ...]:
    notes = ["in a loop"] * call.in_loop + ["handed on"] * call.handed_on
    decision = "; ".join([foreseen(call.outcomes), *notes])
    return f"{call.file}:{call.line}", f"{call.path}({_arguments(call)})", call.facts.effect, decision


def _arguments(call: PlannedCall) -> str:
    shown = [f"{name}={_value(value)}" for name, value in call.arguments.items()]
    return one_line(", ".join([*shown, *["…"] * isinstance(call.arguments, Unknown)]), WIDTH)


def _value(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False) if is_known(value) else "…"


def _reach(reach: str) -> str:
    server, _, tool = reach.partition(".")
    return reach if tool != "*" else "any tool" if server == "*" else f"any tool of {server}"
