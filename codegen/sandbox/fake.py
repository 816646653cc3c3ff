"""A sandbox that runs nothing, for tests of what stands on sandboxes: it remembers what it was asked for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from codegen.sandbox.backend import Availability, ExecResult, Spec, View


@dataclass
class FakeProcess:
    """A run that ends as it is told to, or by being killed."""

    result: ExecResult | None = None

    def kill(self) -> None:
        self.result = self.result or ExecResult("killed", text="it was killed")

    def wait(self, timeout: float | None = None) -> ExecResult:
        if self.result is None:
            raise TimeoutError(f"the run has not ended within {timeout} s")
        return self.result

    async def ended(self) -> ExecResult:
        while self.result is None:
            await asyncio.sleep(0)
        return self.result


@dataclass
class FakeWall:
    """Gives every run the same end."""

    end: ExecResult | None = None
    alive: bool = True
    specs: list[Spec] = field(default_factory=list)

    def start(self, spec: Spec) -> FakeProcess:
        self.specs.append(spec)
        return FakeProcess(self.end)

    def close(self) -> None:
        self.alive = False


@dataclass
class Fake:
    """A Backend that works everywhere; `end` of None lets its runs go on until they are killed."""

    end: ExecResult | None = None
    name: str = "fake"
    confines: bool = True
    views: list[View] = field(default_factory=list)
    walls: list[FakeWall] = field(default_factory=list)

    def probe(self) -> Availability:
        return Availability(works=True)

    def prepare(self, view: View) -> FakeWall:
        self.views.append(view)
        self.walls.append(FakeWall(self.end))
        return self.walls[-1]
