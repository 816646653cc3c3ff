"""What a workspace's own runs kept out of a model's context, from its journal, by the method of `codegen.tokens`.

Where the journal can't tell, the answer is the one that is worse for scripts:
- direct calls of a run are all made side by side, in one turn, and the agent's prompt and all definitions are in the
  cache already;
- what a run that didn't succeed called counts for nothing, what was written for it counts; neither do values that were
  redacted or pruned;
- before each new script stands a search, whose answer is as long as it may be for the tools that were called.
What an agent read besides (`describe`, `cat`) is in no journal, and in no figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from codegen.catalogue.snapshot import read_snapshot
from codegen.config.paths import Workspace
from codegen.errors import ConfigError
from codegen.journal.read import calls_of, recent_runs
from codegen.journal.record import CallRecord, RunRecord, Wanted
from codegen.model import Tool
from codegen.search.answer import ANSWER_TOKENS, QUERY_TOKENS
from codegen.tokens.conversation import HARNESS, Spent, Turn, spent
from codegen.tokens.count import Counter
from codegen.tokens.forms import call_text, definition_text, result_text

COMMAND = "codegen run scripts/report.py"
SEARCH = 'codegen search "one thing" "another"'
ALL = 1 << 31
_LEFT = ("answered", "failed")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the same results: tokens that stand before the work, are written and are read in it, each once."""

    prefix: int
    written: int
    read: int
    spent: Spent

    @property
    def tokens(self) -> int:
        return self.prefix + self.written + self.read


@dataclass(frozen=True, slots=True)
class Stats:
    """`direct` is what the same calls would have been one by one, `scripts` what there was in their place."""

    method: str
    runs: int
    succeeded: int
    calls: int
    tools: int
    direct: Way
    scripts: Way

    @property
    def kept(self) -> int:
        """Tokens that never reached a model; negative where scripts cost more than the calls would have."""
        return self.direct.tokens - self.scripts.tokens


def stats(place: Workspace, counter: Counter, since: float = 0) -> Stats:
    """Of the runs that started at `since` (seconds since the epoch) or later, and ended."""
    count = counter.count
    runs = [run for run in recent_runs(place.journal, ALL, Wanted(since=since)) if run.seconds is not None]
    direct: list[list[Turn]] = []
    scripts: list[list[Turn]] = []
    written: set[str] = set()
    calls = 0
    for run in reversed(runs):
        made = [call for call in calls_of(place.journal, run.id) if call.server and call.state in _LEFT]
        scripts.append(_scripted(run, made, count, is_new=run.source not in written))
        written.add(run.source)
        if run.state == "succeeded" and made:
            direct.append(_direct(made, count))
            calls += len(made)
    tools = _tools(place)
    return Stats(
        counter.method,
        len(runs),
        sum(run.state == "succeeded" for run in runs),
        calls,
        len(tools),
        _way(sum(count(definition_text(tool)) for tool in tools), direct),
        _way(count(_guide(place)), scripts),
    )


def _direct(calls: Iterable[CallRecord], count: Callable[[str], int]) -> list[Turn]:
    asked = answered = 0
    for call in calls:
        asked += count(call_text(call.server, call.tool, call.arguments))
        answered += count(result_text(call.answer))
    return [Turn(0, asked), Turn(answered, 0)]


def _scripted(run: RunRecord, calls: Iterable[CallRecord], count: Callable[[str], int], *, is_new: bool) -> list[Turn]:
    """Search, script, answer; only the last two, without its text, when the script was there already."""
    read = Turn(count(run.stdout) + count(run.stderr), 0)
    if not is_new:
        return [Turn(0, count(COMMAND)), read]
    found = min(ANSWER_TOKENS, QUERY_TOKENS * len({(call.server, call.tool) for call in calls}))
    return [Turn(0, count(SEARCH)), Turn(found, count(run.source) + count(COMMAND)), read]


def _way(prefix: int, conversations: Sequence[Sequence[Turn]]) -> Way:
    turns = [turn for each in conversations for turn in each]
    bill = sum((spent(HARNESS + prefix, each, warm=True) for each in conversations), Spent())
    return Way(prefix, sum(turn.written for turn in turns), sum(turn.read for turn in turns), bill)


def _guide(place: Workspace) -> str:
    file = place.root / "AGENTS.md"
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def _tools(place: Workspace) -> list[Tool]:
    """Every tool in the tree; a folder whose catalogue can't be read has none."""
    tools: list[Tool] = []
    for file in sorted(place.servers.glob("*/.catalogue.json")):
        try:
            tools += read_snapshot(file.parent).tools
        except ConfigError:
            continue
    return tools
