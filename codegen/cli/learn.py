"""`codegen learn`: result types that nobody declared, as earlier results showed them."""

from __future__ import annotations

from codegen.cli import output
from codegen.cli.options import parser, workspace
from codegen.config.paths import Workspace
from codegen.errors import UsageError
from codegen.search.names import lookup
from codegen.workspace.learn import forget, learn_from_runs, learned


def main(words: list[str]) -> int:
    options = parser(
        "learn",
        "List the result types that were learned from earlier results, make them anew from the journal, or forget some."
        " Runs learn by themselves; `learn = false` in codegen.toml turns that off.",
        "codegen learn",
        "codegen learn shop",
        "codegen learn --from-runs",
        "codegen learn --forget shop.list_orders",
    )
    options.add_argument("target", nargs="*", metavar="SERVER|SERVER.TOOL", help="only these (default: all)")
    options.add_argument("--from-runs", action="store_true", help="from every result in the journal")
    options.add_argument("--forget", action="store_true", help="their results are undeclared again")
    options.add_argument("--json", action="store_true", help="print JSON")
    arguments = options.parse_args(words)
    place = workspace(arguments.workspace)
    if arguments.from_runs and arguments.forget:
        raise UsageError("--from-runs and --forget exclude each other")
    if arguments.forget and not arguments.target:
        raise UsageError("--forget needs what to forget", hint="codegen learn --forget SERVER or SERVER.TOOL")
    if arguments.from_runs:
        found, none = learn_from_runs(place, arguments.target), "the journal shows nothing that isn't known"
    elif arguments.forget:
        found, none = forget(place, arguments.target), "nothing was learned there"
    else:
        nothing = "nothing learned yet: a run learns from results that no server declared"
        found, none = learned(place, arguments.target), nothing
    lines = {path: _line(place, path) for path in found}
    if arguments.json:
        output.document({"version": 1, "tools": [{"path": path, "signature": line} for path, line in lines.items()]})
    else:
        output.line("\n".join(lines.values()) or none)
    return 0


def _line(place: Workspace, path: str) -> str:
    hit = lookup(place.index, path)
    return hit.signature if hit else path
