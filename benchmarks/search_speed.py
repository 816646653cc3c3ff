"""Time a cold search process against a bare interpreter, over synthetic indexes.

    python benchmarks/search_speed.py [--sizes 1000,10000,100000] [--runs 30]

Both processes are started in turn, so that a busy machine slows both. Prints, for each number of tools: the median
milliseconds of `python -c pass` and of a search, their ratio, the milliseconds of one server's update (of its 20 tools
one has changed) and the seconds of the whole build, both of processor time, and the size of the file. The targets: a
ratio of 3 at 10,000 tools and of 5 at 100,000, an update of 15 ms, a build of 3 s for each 10,000, where a bare
interpreter takes 7 ms.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from codegen.search.fields import Entry  # noqa: E402
from codegen.search.index import Group, write_group, write_groups  # noqa: E402  # runs without an installation

ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
A_SERVER = 20
"""Tools a server: real ones have 5 to 100."""
VERBS = "get list create update delete search send read write run export import merge check move".split()  # noqa: SIM905
WORDS = 20_000
CUMULATED = list(itertools.accumulate(1 / (rank + 30) for rank in range(WORDS)))
"""Zipf's law without its head: stop words are not indexed."""
QUERIES = ("get the open issues of a repository", "send a message to a channel")
SEARCH = """
import sys
from codegen.search.query import search
from codegen.search.answer import render
sys.stdout.write("\\n".join(render(search(sys.argv[1], [sys.argv[2]]))))
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description="Cold search against a bare interpreter.")
    arguments.add_argument("--sizes", default="1000,10000,100000")
    arguments.add_argument("--runs", type=int, default=30)
    asked = arguments.parse_args()
    print(f"{'tools':>7} {'bare ms':>8} {'search ms':>9} {'ratio':>6} {'update ms':>9} {'build s':>8} {'MB':>6}")
    for size in map(int, asked.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            ENVIRONMENT["PYTHONPYCACHEPREFIX"] = folder  # as installed: compiled once
            print(measure(Path(folder) / "index.sqlite", size, asked.runs), flush=True)


def measure(db: Path, size: int, runs: int) -> str:
    words = vocabulary()
    build = 0.0
    for first in range(0, size // A_SERVER, 500):
        servers = range(first, min(first + 500, size // A_SERVER))
        groups = [Group(f"servers/server{at}", entries(at, words), "first") for at in servers]
        start = time.process_time()
        write_groups(db, groups)
        build += time.process_time() - start
    updates = []
    for at in range(10):
        changed = entries(at, words)
        changed[3] = dataclasses.replace(changed[3], description="another description, said again")
        start = time.process_time()
        write_group(db, f"servers/server{at}", changed, "again")
        updates.append(time.process_time() - start)
    bare, cold = [], []
    seconds([sys.executable, "-c", SEARCH, str(db), QUERIES[0]])
    for at in range(runs):
        bare.append(seconds([sys.executable, "-c", "pass"]))
        cold.append(seconds([sys.executable, "-c", SEARCH, str(db), QUERIES[at % len(QUERIES)]]))
    one, other = statistics.median(bare) * 1000, statistics.median(cold) * 1000
    megabytes = sum(path.stat().st_size for path in db.parent.glob(db.name + "*")) / 1e6
    update = statistics.median(updates) * 1000
    return f"{size:7} {one:8.1f} {other:9.1f} {other / one:6.2f} {update:9.1f} {build:8.1f} {megabytes:6.1f}"


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def vocabulary() -> list[str]:
    """Words, commonest first; the first are what the queries ask for, so that each is in a quarter of all tools."""
    chance = random.Random(1)
    made = ["".join(chance.choices("abcdefghijklmnoprstuvw", k=chance.randint(3, 9))) for _ in range(WORDS)]
    return ["issue", "open", "message", "repository", "channel", *made][:WORDS]


def entries(server: int, words: list[str]) -> list[Entry]:
    chance = random.Random(server)

    def text(size: int) -> str:
        return " ".join(chance.choices(words, cum_weights=CUMULATED, k=size))

    made = []
    for at in range(A_SERVER):
        name = f"{chance.choice(VERBS)}_{text(2).replace(' ', '_')}_{at}"
        path = f"server{server}.{name}"
        parameters = tuple((text(1), text(5)) for _ in range(4))
        signature = f"{path}(owner: str, repo: str, title: str) -> {{number, url}}  # {text(6)} [w]"
        made.append(
            Entry(
                path,
                f"server{server}",
                name,
                "",
                text(15),
                parameters,
                f"Server {server}: {text(6)}",
                signature,
                path,
                text(6),
                "writes",
            )
        )
    return made


if __name__ == "__main__":
    main()
