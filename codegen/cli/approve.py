"""`codegen approve` and `codegen reject`: decide calls that wait, and let their run go on."""

from __future__ import annotations

from codegen.cli import output
from codegen.cli.options import parser, workspace
from codegen.cli.person import person
from codegen.cli.run import can_ask, send, show
from codegen.config.paths import is_agent
from codegen.errors import BrokerError
from codegen.runtime.wire import objects_field
from codegen.runtime.wording import asked_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser

    from codegen.config.paths import Workspace
    from codegen.model import JsonObject


def main(words: list[str]) -> int:
    options = parser(
        "approve",
        "Approve the calls of a run that wait, as they were shown, and let it go on.",
        "codegen approve 1a2b3c4d",
        "codegen approve 1a2b3c4d --call 3",
        "codegen approve 1a2b3c4d --all-like     (and later calls of the same tools in this run)",
    )
    options.add_argument("--all-like", action="store_true", help="also all later calls of the same tools in this run")
    return decide(options, words, allow=True)


def decide(options: ArgumentParser, words: list[str], *, allow: bool) -> int:
    """Send a decision, say what was decided, and resume the run when none of its calls waits any more."""
    options.add_argument("id", help="the run's id, its beginning, or last: the last that waits")
    options.add_argument("--call", type=int, metavar="N", help="only call N; default: all that wait")
    options.add_argument("--reason", default="", metavar="TEXT", help="kept in the journal, and told to the script")
    options.add_argument("--no-resume", action="store_true", help="only decide: codegen resume ID goes on later")
    options.add_argument("--json", action="store_true", help="print one JSON envelope")
    arguments = options.parse_args(words)
    if is_agent():
        options.error("a person decides this, at a terminal of their own: tell them the command, and stop")
    place = workspace(arguments.workspace)
    body: JsonObject = {
        "run": arguments.id,
        "call": arguments.call,
        "allow": allow,
        "like": allow and arguments.all_like,
        "by": person(),
        "reason": arguments.reason,
    }
    decided = _send(place, body)
    left = objects_field(decided, "left")
    if not arguments.json:
        output.remark("approved:" if allow else "rejected:")
        for line in asked_list(objects_field(decided, "decided")):
            output.remark(line)
    if left or arguments.no_resume or decided["state"] == "running":
        _say(decided, left, as_json=arguments.json)
        return 4 if left else 0
    resume: JsonObject = {"run": decided["run"], "asks": can_ask(as_json=arguments.json)}
    return show(send(place, {"resume": resume}), as_json=arguments.json)


def _send(place: Workspace, body: JsonObject) -> JsonObject:
    from codegen.runtime.client import connect
    from codegen.runtime.wire import text_field

    connection = connect(place.root)
    try:
        connection.send({"decide": body})
        answer = connection.receive() or {}
    finally:
        connection.close()
    if "decided" not in answer:
        raise BrokerError(text_field(answer, "error") or "the broker gave no answer")
    return answer


def _say(decided: JsonObject, left: list[JsonObject], *, as_json: bool) -> None:
    if as_json:
        output.document({"version": 1, **decided})
    elif left:
        output.remark(f"{len(left)} more of run {decided['run']} wait:")
        for line in asked_list(left):
            output.remark(line)
    elif decided["state"] == "running":
        output.remark(f"run {decided['run']} goes on where it was started")
    else:
        output.remark(f"go on: codegen resume {decided['run']}")
