"""`codegen resume`: a run that stopped goes on; calls that were completed are answered from the journal."""

from __future__ import annotations

from codegen.cli.options import parser, workspace
from codegen.cli.run import can_ask, send, show
from codegen.model import JsonObject


def main(words: list[str]) -> int:
    options = parser(
        "resume",
        "Run a script again that stopped (approval, crash, time limit): what was done is not done twice.",
        "codegen resume last",
        "codegen resume 1a2b3c4d --time-limit 900",
    )
    options.add_argument("id", help="the run's id, its beginning, or last")
    options.add_argument("--time-limit", type=float, metavar="SECONDS", help="default: what the run was started with")
    options.add_argument("--json", action="store_true", help="print one JSON envelope")
    arguments = options.parse_args(words)
    command: JsonObject = {
        "run": arguments.id,
        "asks": can_ask(as_json=arguments.json),
        "time_limit": arguments.time_limit,
    }
    return show(send(workspace(arguments.workspace), {"resume": command}), as_json=arguments.json)
