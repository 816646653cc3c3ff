"""A conversation's bill: what is new once, what was sent before each time."""

from __future__ import annotations

from codegen.tokens.conversation import Spent, Turn, spent


def test_each_turn_sends_all_before_it_from_the_cache_and_the_rest_as_new() -> None:
    bill = spent(100, [Turn(10, 3), Turn(20, 4), Turn(30, 5)])
    assert bill == Spent(turns=3, new=110 + (3 + 20) + (4 + 30), cached=110 + 133, written=12)


def test_a_warm_prefix_is_read_from_the_cache_in_the_first_turn_too() -> None:
    cold, warm = (spent(100, [Turn(10, 3), Turn(20, 4)], warm=warm) for warm in (False, True))
    assert (cold.new - warm.new, warm.cached - cold.cached) == (100, 100)


def test_cost_is_in_tokens_of_plain_input() -> None:
    assert Spent(turns=1, new=100, cached=1000, written=10).cost == 125 + 100 + 50


def test_bills_add_up_and_no_turn_costs_nothing() -> None:
    assert spent(100, []) == Spent()
    assert Spent(1, 2, 3, 4) + Spent(1, 1, 1, 1) == Spent(2, 3, 4, 5)
