"""`codegen stats` over real runs."""

from __future__ import annotations

import json

import pytest

from codegen.cli.stats import _headline
from codegen.tokens.conversation import Spent
from codegen.workspace.stats import Stats, Way


def test_stats_says_how_it_counted_and_what_was_kept_out(shelf):
    shelf("run", "-c", "from servers.counting import tool_1\nfor n in range(30):\n    tool_1(value=n, note='n' * 400)")
    found = json.loads(shelf("stats", "--json").stdout)
    assert (found["version"], found["method"]) == (1, "o200k")
    assert found["calls"] >= 30
    assert found["kept"] == found["direct"]["tokens"] - found["scripts"]["tokens"]
    shown = shelf("stats").stdout
    assert "counted as o200k" in shown
    assert f"kept out of the context: {found['kept']:,} tokens" in shown


def test_since_takes_a_day_or_days_back_and_nothing_else(shelf):
    shelf("run", "-c", "print(1)")
    assert json.loads(shelf("stats", "--json", "--since", "1d").stdout)["runs"] >= 1
    assert shelf("stats", "--since", "2999-01-01").stdout == "no runs since 2999-01-01\n"
    assert "'soon' is no time" in shelf("stats", "--since", "soon", code=2).stderr


@pytest.mark.parametrize(
    ("tokens", "new", "said"),
    [
        (400, 100, "kept out of the context: 600 tokens (60%)"),
        (1_500, 100, "a loss: scripts took 500 tokens more than the same calls one by one"),
        (1_500, 900, "a loss: scripts took 500 tokens more than the same calls one by one, and cost 500 more"),
        (
            400,
            900,
            "a loss: scripts cost 500 more, for they took 9 turns, not 2; kept out of the context: 600 tokens (60%)",
        ),
    ],
)
def test_a_loss_is_the_first_word_whether_of_tokens_or_of_cost(tokens, new, said):
    direct, scripts = Way(0, 0, 1_000, Spent(2, cached=5_000)), Way(0, 0, tokens, Spent(9, cached=new * 10 + 1_000))
    assert _headline(Stats("o200k", 9, 9, 9, 9, direct, scripts)) == said
