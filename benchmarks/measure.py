"""What the benchmarks share: a workspace to run in, timed commands, medians, and a table."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVERS = ROOT / "tests" / "servers"
CACHE = ROOT / ".cache" / "servers"
PYTHON = sys.executable
CODEGEN = str(Path(sys.executable).with_name("codegen"))


@contextlib.contextmanager
def workspace(servers: dict[str, Sequence[str]]) -> Iterator[Path]:
    """A new workspace with these servers in its mcp.json, not yet synced; its broker is stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="codegen-benchmark-") as folder:
        path = Path(folder, "workspace")
        run([CODEGEN, "init", str(path)], Path(folder))
        for name, command in servers.items():
            run([CODEGEN, "add", name, "--", *command], path)
        try:
            yield path
        finally:
            subprocess.run([CODEGEN, "broker", "stop"], cwd=path, capture_output=True, check=False)


def environment() -> dict[str, str]:
    """This environment, with the node that the test set-up may have put into .cache/servers/bin found last.

    And as it is where somebody uses what is measured: with its modules compiled once.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PATH": os.pathsep.join((os.environ.get("PATH", ""), str(CACHE / "bin")))}


def run(command: Sequence[str], cwd: Path, text: str | None = None) -> str:
    """The standard output of a command; where it fails the benchmark ends with what the command said."""
    done = subprocess.run(
        command, cwd=cwd, env=environment(), input=text, capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode:
        sys.exit(f"{shown(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def seconds(command: Sequence[str], cwd: Path) -> float:
    """How long a command takes, from its start to its end."""
    start = time.perf_counter()
    run(command, cwd)
    return time.perf_counter() - start


def shown(command: Sequence[str]) -> str:
    """A command as one reads it."""
    names = {PYTHON: "python", CODEGEN: "codegen"}
    return " ".join(repr(word) if " " in word else word for word in (names.get(word, word) for word in command))


def milliseconds(times: Iterable[float]) -> str:
    """The median of some times, with the fastest and the slowest."""
    ordered = sorted(times)
    low, middle, high = (1000 * value for value in (ordered[0], statistics.median(ordered), ordered[-1]))
    return f"{middle:.2f} ({low:.2f}-{high:.2f})"


def ratio(times: Sequence[float], base: Sequence[float]) -> float:
    """How many times the median of `base` the median of `times` is."""
    return statistics.median(times) / statistics.median(base)


def against(value: float, target: float, *, at_least: bool = False) -> str:
    """A ratio beside what it should be."""
    met = value >= target if at_least else value <= target
    return f"{value:.2f}x (target {'>=' if at_least else '<='} {target:g}: {'met' if met else 'MISSED'})"


def table(title: str, rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print(f"\n{title}")
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
