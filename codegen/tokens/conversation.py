"""A conversation as its provider bills it: each turn sends all that was said before it once more.

What was sent before is read from the cache (a tenth of the price of input), what is new is put there (a quarter more
than the price), what the model writes costs five times as much: the ratios of Claude's price list, the same for all of
its models. Prices are left out, so that the figures stay true when they change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NEW, CACHED, WRITTEN = 1.25, 0.1, 5.0
HARNESS = 15_000
"""Tokens of an agent's own prompt and built-in tools before anything of ours (Claude Code: 12,000 to 16,000)."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One request to the model: what comes to the conversation before it, and what the model writes; in tokens."""

    read: int
    written: int


@dataclass(frozen=True, slots=True)
class Spent:
    """The tokens of all requests of a conversation, by what they cost."""

    turns: int = 0
    new: int = 0
    cached: int = 0
    written: int = 0

    @property
    def cost(self) -> float:
        """In tokens of plain input."""
        return NEW * self.new + CACHED * self.cached + WRITTEN * self.written

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.turns + other.turns, self.new + other.new, self.cached + other.cached, self.written + other.written
        )


def spent(prefix: int, turns: Iterable[Turn], *, warm: bool = False) -> Spent:
    """What a conversation costs that begins with `prefix` tokens; `warm`: an earlier one left those in the cache."""
    total, known, coming = Spent(), 0, prefix
    if warm:
        known, coming = prefix, 0
    for turn in turns:
        coming += turn.read
        total += Spent(1, coming, known, turn.written)
        known, coming = known + coming, turn.written
    return total
