"""Rules that name what isn't there."""

from __future__ import annotations

from codegen.config.policy import Rule
from codegen.model import Tool
from codegen.policy.unmatched import unmatched

TOOLS = {"shop": [Tool("shop", "get_stock", {}), Tool("shop", "drop", {})], "down": []}


def told(server: str = "*", tool: str = "*") -> list[str]:
    rules = [Rule(1, "ask"), Rule(2, "deny", server, tool)]
    return [str(problem) for problem in unmatched(rules, TOOLS)]


def test_a_server_or_tool_that_is_not_there_is_a_problem_with_the_nearest_name() -> None:
    assert told("shp") == ['codegen.toml [[policy]] #2: server "shp" matches no server (did you mean shop?)']
    assert told("shop", "get_stok") == [
        'codegen.toml [[policy]] #2: tool "get_stok" matches no tool of shop (did you mean get_stock?)'
    ]
    assert told("*", "dropp") == ['codegen.toml [[policy]] #2: tool "dropp" matches no tool (did you mean drop?)']
    assert told("s*", "x_*") == [
        'codegen.toml [[policy]] #2: tool "x_*" matches no tool of shop (known here: get_stock, drop)'
    ]


def test_what_fits_or_may_yet_is_none() -> None:
    assert told("sh*", "get_*") == []
    assert told("*", "drop") == []
    assert told("*", "delete_*") == [], "a guard for tools to come"
    assert told("down", "any") == [], "its tools aren't known"
    assert unmatched([Rule(1, "deny", "*", "x")], {}) == ()
