"""Progress of a sync: a live table on a terminal, a plain line for each end elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from codegen.catalogue.collect import Progress
from codegen.cli import output


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """What to tell each step; nothing at all when `quiet`."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _live() as report:
            yield report
    else:
        yield _plain


LONG = 5.0
"""Seconds; elsewhere than on a terminal only what takes longer is told before the report tells all."""


def _plain(step: Progress) -> None:
    if step.seconds < LONG:
        return
    if step.state == "done":
        output.remark(f"{step.server}: listed {step.tools} tools in {step.seconds:.1f} s")
    elif step.state == "failed":
        output.remark(f"{step.server}: failed after {step.seconds:.1f} s")


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
