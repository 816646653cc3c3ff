"""`codegen stats` over real runs."""

from __future__ import annotations

import json


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
