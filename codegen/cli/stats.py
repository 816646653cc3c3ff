"""`codegen stats`: what this workspace's runs kept out of a model's context."""

from __future__ import annotations

from codegen.cli import output
from codegen.cli.moments import moment
from codegen.cli.options import parser, workspace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from codegen.model import JsonObject
    from codegen.workspace.stats import Stats, Way


def main(words: list[str]) -> int:
    options = parser(
        "stats",
        "What the runs of this workspace kept out of a model's context, beside the same calls made one by one.",
        "codegen stats",
        "codegen stats --since 7d",
        "codegen stats --since 2026-11-01 --json",
    )
    options.add_argument("--since", metavar="TIME", help="of runs that began since 2h, 30d or 2026-11-01")
    options.add_argument("--json", action="store_true", help="print JSON")
    arguments = options.parse_args(words)
    place = workspace(arguments.workspace)
    since = moment(arguments.since) if arguments.since else 0.0

    from codegen.tokens.count import counter
    from codegen.workspace.stats import stats

    found = stats(place, counter(), since)
    if arguments.json:
        output.document(_document(found))
    elif not found.runs:
        output.line(f"no runs since {arguments.since}" if arguments.since else "no runs yet")
    else:
        _show(found)
    return 0


def _document(found: Stats) -> JsonObject:
    return {
        "version": 1,
        "method": found.method,
        "runs": found.runs,
        "succeeded": found.succeeded,
        "calls": found.calls,
        "tools": found.tools,
        "direct": _way(found.direct),
        "scripts": _way(found.scripts),
        "kept": found.kept,
    }


def _way(way: Way) -> JsonObject:
    return {
        "prefix": way.prefix,
        "written": way.written,
        "read": way.read,
        "tokens": way.tokens,
        "turns": way.spent.turns,
        "cost": round(way.spent.cost),
    }


def _show(found: Stats) -> None:
    direct, scripts = found.direct, found.scripts
    rows = [
        ("", f"{'one by one':>10}", f"{'scripts':>10}", ""),
        _row("prompt", direct.prefix, scripts.prefix, f"definitions of {found.tools} tools | AGENTS.md; once"),
        _row("written", direct.written, scripts.written, f"arguments of {found.calls:,} calls | searches, scripts"),
        _row("read", direct.read, scripts.read, "results | answers of searches, at most, and output"),
        _row("tokens", direct.tokens, scripts.tokens, f"each text once, counted as {found.method}"),
        _row("turns", direct.spent.turns, scripts.spent.turns, "the fewest | 3 for a new script, 2 for one again"),
        _row("cost", direct.spent.cost, scripts.spent.cost, "of all turns: 1.25 new + 0.1 cached + 5 written"),
    ]
    output.line(f"runs: {found.runs}, succeeded: {found.succeeded}; the calls of those, one by one and as they were:")
    output.table(rows)
    output.line(_headline(found))


def _headline(found: Stats) -> str:
    """A loss comes first, whether it is one of tokens or of cost."""
    direct, scripts = found.direct.spent, found.scripts.spent
    dearer = scripts.cost - direct.cost
    if found.kept <= 0:
        loss = f"a loss: scripts took {-found.kept:,} tokens more than the same calls one by one"
        return f"{loss}, and cost {dearer:,.0f} more" if dearer > 0 else loss
    kept = f"kept out of the context: {found.kept:,} tokens ({found.kept / found.direct.tokens:.0%})"
    turns = f"{scripts.turns} turns, not {direct.turns}"
    return f"a loss: scripts cost {dearer:,.0f} more, for they took {turns}; {kept}" if dearer > 0 else kept


def _row(name: str, direct: float, scripts: float, what: str) -> tuple[str, ...]:
    return name, f"{direct:>10,.0f}", f"{scripts:>10,.0f}", what
