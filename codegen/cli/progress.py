"""Progress of servers that are started: a live table on a terminal, plain lines elsewhere for what takes its time."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from codegen.catalogue.collect import Progress
from codegen.cli import output

HELD_S = 3.0
"""Elsewhere than on a terminal: what is done by then is told by the report alone, which comes soon enough."""


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """What to tell each step, in the event loop; nothing at all when `quiet`."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _live() as report:
            yield report
    else:
        yield Waiting().hear


class Waiting:
    """Plain lines for who waits: after HELD_S who is done and who isn't, from then on each end, and at twice the time
    again who isn't.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._open: list[str] = []
        self._after = 0.0

    def hear(self, step: Progress) -> None:
        if step.state == "starting":
            if not self._after:
                self._later(HELD_S)
            self._open.append(step.server)
        elif step.state != "listing":
            self._open.remove(step.server)
            self._lines.append(_end(step))
            if self._after > HELD_S:
                self._tell()

    def remind(self) -> None:
        """Say what was held back, and who is still waited for."""
        self._tell()
        if self._open:
            output.remark(f"after {self._after:g} s, still waiting for {', '.join(self._open)}")
            self._later(self._after)

    def _later(self, seconds: float) -> None:
        self._after += seconds
        asyncio.get_running_loop().call_later(seconds, self.remind)

    def _tell(self) -> None:
        for line in self._lines:
            output.remark(line)
        self._lines.clear()


def _end(step: Progress) -> str:
    if step.state == "failed":
        return f"{step.server}: failed after {step.seconds:.1f} s"
    return f"{step.server}: {step.tools} tools in {step.seconds:.1f} s"


@contextmanager
def _live() -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def report(step: Progress) -> None:
            task = tasks.get(step.server)
            if task is None:
                task = tasks[step.server] = bars.add_task("", total=1)
            text = f"{step.server}: {step.state}" + (f", {step.tools} tools" if step.state == "done" else "")
            bars.update(task, description=text, completed=int(step.state in {"done", "failed"}))

        yield report
