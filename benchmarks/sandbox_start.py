"""What a run's start costs behind each wall, as a multiple of a bare interpreter, and a message to it.

    python benchmarks/sandbox_start.py [ROUNDS] [BACKEND ...]

Start: from asking for a process to the death of its last one, for a script that does nothing; cold with a new wall for
each, warm behind one that stands. Round trip: one small frame to the script and back, beside the same pair of sockets
between two plain processes. All rows take turns, in an order that changes each round.
"""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from measure import PYTHON, against, milliseconds, ratio, table

from codegen.sandbox.backend import Backend, Mounts, Spec, View, Wall
from codegen.sandbox.choose import choose
from codegen.sandbox.view import system_mounts

BARE = [PYTHON, "-I", "-c", "pass"]
PANDAS = "import pandas"
ECHO = "import os\nwhile part := os.read(3, 64):\n    os.write(3, part)\n"
TRIPS = 2_000
GUESTS = {"monty", "pyodide"}  # interpreters of their own: no targets
UNREADABLE = {"monty"}  # where a script can't read its channel by itself
TARGETS = {"cold": 3.0, "warm": 1.2}


@dataclass
class Timed:
    """One row."""

    name: str
    work: Callable[[], None]
    target: float | None = None
    base: str = "bare"
    times: list[float] = field(default_factory=list)


class Place:
    """A backend with a workspace to run in."""

    def __init__(self, backend: Backend, root: Path, preload: tuple[str, ...] = ()) -> None:
        self.backend = backend
        self.view = View(Path(PYTHON), Mounts(system_mounts(), (root,)), preload=preload)
        self.root = root
        self.wall = backend.prepare(self.view)

    def cold(self) -> None:
        wall = self.backend.prepare(self.view)
        self.run(wall, "")
        wall.close()

    def warm(self) -> None:
        self.run(self.wall, "")

    def run(self, wall: Wall, source: str) -> None:
        ours, theirs = socket.socketpair()
        process = wall.start(Spec(self.root, theirs.fileno(), 1, 2, {"HOME": "/tmp", "LANG": "C.UTF-8"}))
        theirs.close()
        ours.sendall(start_frame(source))
        found = process.wait(60)
        ours.close()
        if found.code:
            sys.exit(f"{self.backend.name}: {found}")

    def round_trips(self) -> float:
        ours, theirs = socket.socketpair()
        process = self.wall.start(Spec(self.root, theirs.fileno(), 1, 2))
        theirs.close()
        ours.sendall(start_frame(ECHO))
        spent = trips(ours)
        ours.close()
        process.wait(60)
        return spent


def start_frame(source: str) -> bytes:
    start = {"source": source, "file": "/script.py", "argv": [], "path": [], "arguments": None, "call_main": False}
    body = json.dumps({"start": start}).encode()
    return len(body).to_bytes(4, "big") + body


def trips(end: socket.socket) -> float:
    """Seconds for each of many small messages to the other end and back, once it answers at all."""
    end.sendall(b"x")
    end.recv(64)
    start = time.perf_counter()
    for _ in range(TRIPS):
        end.sendall(b"x" * 32)
        end.recv(64)
    return (time.perf_counter() - start) / TRIPS


def plain_round_trips() -> float:
    ours, theirs = socket.socketpair()
    source = ECHO.replace("(3,", f"({theirs.fileno()},")
    with subprocess.Popen([PYTHON, "-I", "-c", source], pass_fds=(theirs.fileno(),)):
        theirs.close()
        spent = trips(ours)
        ours.close()
    return spent


def main(rounds: int, names: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="codegen-benchmark-") as folder:
        places = {name: Place(choose(name).backend, Path(folder)) for name in names}
        rows = [Timed("bare", lambda: subprocess.run(BARE, check=True))]
        for name, place in places.items():
            native = name == "native"
            rows.append(Timed(f"{name}, cold", place.cold, TARGETS["cold"] if native else None))
            rows.append(Timed(f"{name}, warm", place.warm, TARGETS["warm"] if native else None))
        rows += pandas_rows(folder)
        take_turns(rows, rounds)
        by_name = {row.name: row.times for row in rows}
        table(
            f"median (fastest-slowest) of {rounds} rounds, ms",
            [[row.name, milliseconds(row.times), beside(row, by_name[row.base])] for row in rows],
        )
        open_ones = {name: each for name, each in places.items() if name not in UNREADABLE}
        round_trip_table(open_ones, max(3, rounds // 4))
        for place in places.values():
            place.wall.close()


def pandas_rows(folder: str) -> list[Timed]:
    """With pandas imported ahead, where it is installed."""
    if subprocess.run([PYTHON, "-I", "-c", PANDAS], capture_output=True, check=False).returncode:
        print("pandas isn't installed here: its rows are left out (pip install pandas)")
        return []
    place = Place(choose("native").backend, Path(folder), preload=("pandas",))
    place.warm()
    time.sleep(3)  # it is imported while nobody asks
    bare = Timed("bare, import pandas", lambda: subprocess.run([PYTHON, "-I", "-c", PANDAS], check=True))
    warm = Timed("native, warm, import pandas", lambda: place.run(place.wall, PANDAS), 0.1, bare.name)
    return [bare, warm]


def take_turns(rows: list[Timed], rounds: int) -> None:
    for row in rows:
        row.work()  # fills the caches, and starts what is warm
    order = [*rows]
    for number in range(rounds):
        random.Random(number).shuffle(order)
        for row in order:
            start = time.perf_counter()
            row.work()
            row.times.append(time.perf_counter() - start)


def beside(row: Timed, base: list[float]) -> str:
    value = ratio(row.times, base)
    return f"{value:.2f}x" if row.target is None else against(value, row.target)


def round_trip_table(places: dict[str, Place], rounds: int) -> None:
    times: dict[str, list[float]] = {"outside": [], **{name: [] for name in places}}
    for _ in range(rounds):
        times["outside"].append(plain_round_trips())
        for name, place in places.items():
            times[name].append(place.round_trips())
    rows = [["outside", milliseconds(times["outside"]), "1x"]]
    for name in places:
        value = ratio(times[name], times["outside"])
        rows.append([name, milliseconds(times[name]), f"{value:.2f}x" if name in GUESTS else against(value, 1.3)])
    table(f"round trip, ms, median (fastest-slowest) of {rounds} times {TRIPS:,}", rows)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, sys.argv[2:] or ["native", "none"])
