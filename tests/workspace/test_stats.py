"""What runs kept out of a context, from a journal that the test writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.config.paths import Workspace
from codegen.journal.record import Ended, RunState, Sent
from codegen.journal.write import Journal
from codegen.model import Json
from codegen.search.answer import QUERY_TOKENS
from codegen.tokens.conversation import HARNESS
from codegen.tokens.count import Counter
from codegen.workspace.stats import Stats, stats

LETTERS = Counter("letters", len)
Run = Callable[..., str]


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture
def ran(place: Workspace) -> Run:
    """Record a run with so many calls of one tool, each answered with `answer`."""
    journal = Journal(place.journal)

    def record(
        source: str, calls: int = 1, answer: Json = "x" * 1000, state: RunState = "succeeded", stdout: str = "done"
    ) -> str:
        run = journal.begin("scripts/a.py", source, (), "native", {})
        for number in range(1, calls + 1):
            journal.call_sent(run, Sent(number, "shop", "get", {"n": number}))
            journal.call_ended(run, number, "answered", answer, 0.1)
        journal.end(run, Ended(state, 0, 0.1, None, stdout, ""))
        return run

    return record


def measured(place: Workspace, since: float = 0) -> Stats:
    return stats(place, LETTERS, since)


def test_a_workspace_without_runs_has_kept_nothing(place: Workspace) -> None:
    found = measured(place)
    assert (found.method, found.runs, found.calls, found.kept) == ("letters", 0, 0, 0)


def test_results_are_what_direct_calls_read_and_output_is_what_a_script_gives(place: Workspace, ran: Run) -> None:
    ran("script", calls=3)
    found = measured(place)
    assert found.calls == 3
    assert found.direct.read == 3000
    assert found.direct.written == 3 * len('{"name":"mcp__shop__get","input":{"n":1}}')
    assert found.scripts.read == len("done") + QUERY_TOKENS, "one tool was searched for"
    assert (found.direct.spent.turns, found.scripts.spent.turns) == (2, 3)


def test_a_script_that_runs_again_is_written_once_and_not_searched_for(place: Workspace, ran: Run) -> None:
    ran("script" * 100)
    once = measured(place).scripts
    ran("script" * 100)
    twice = measured(place).scripts
    assert twice.read - once.read == len("done")
    assert twice.written - once.written < 100
    assert twice.spent.turns == 5


def test_a_run_that_failed_costs_and_keeps_nothing_out(place: Workspace, ran: Run) -> None:
    ran("script", calls=50, state="failed", stdout="Traceback")
    found = measured(place)
    assert (found.runs, found.succeeded, found.calls, found.direct.tokens) == (1, 0, 0, 0)
    assert found.kept < 0


def test_definitions_and_agents_md_stand_once_on_their_sides(place: Workspace, ran: Run) -> None:
    folder = place.servers / "shop"
    folder.mkdir(parents=True)
    tool = {"name": "get", "description": "d" * 500, "inputSchema": {"type": "object"}}
    (folder / ".catalogue.json").write_text(json.dumps({"server": {"name": "shop"}, "tools": [tool]}))
    (place.servers / "broken").mkdir()
    (place.servers / "broken" / ".catalogue.json").write_text("{")
    (place.root / "AGENTS.md").write_text("g" * 300)
    ran("script")
    ran("another")
    found = measured(place)
    assert found.tools == 1
    assert 500 < found.direct.prefix < 650
    assert found.scripts.prefix == 300
    assert found.direct.spent.cached >= 4 * (HARNESS + found.direct.prefix), "in every turn, from the cache"


def test_runs_before_since_and_runs_that_go_on_are_left_out(place: Workspace, ran: Run) -> None:
    ran("script")
    Journal(place.journal).begin("scripts/b.py", "goes on", (), "native", {})
    assert measured(place).runs == 1
    assert measured(place, since=1e12).runs == 0
