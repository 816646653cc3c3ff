"""A task for a model, and the answer it came to: what every backend takes and gives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from codegen.agents.wanted import Wanted
from codegen.agents.workbench import Workbench


@dataclass(frozen=True, slots=True)
class Task:
    """What to do, and how far to go for it: `model` by its name, None for the backend's own; `max_cost` in dollars."""

    prompt: str
    wanted: Wanted
    model: str | None = None
    max_turns: int = 20
    max_cost: float | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as the Messages API counts them: `input` leaves out what was read from or written to its cache."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """`problem` says why there is no `output`; `cost` is in US dollars, None where nobody knows."""

    output: object = None
    problem: str = ""
    turns: int = 0
    usage: Usage = field(default_factory=Usage)
    cost: float | None = None


Backend = Callable[[Task, Workbench], Awaitable[Answer]]
"""Has a task done with a workbench's tools. Raises ModelError, BrokerError."""
