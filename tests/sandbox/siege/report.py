"""One siege of one sandbox by whoever runs this: `python -m siege.report NAME [--slow] [--rounds N]` prints JSON.

{"backend", "user", "groups": {group: {attack: [verdict, words]}}, "start_ms", "bare_ms"}, or {"lacking": why}
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from attacks import poison
from attacks.told import HELD, THROUGH, UNCLEAR, Verdict
from siege import bombs, decoys
from siege.candidates import CANDIDATES, lacking
from siege.decoys import SECRET_VARIABLE, Decoys
from siege.runs import Field

from codegen.sandbox.backend import Limits
from codegen.sandbox.inside import warden

GROUPS = ("files", "processes", "kernel", "network")
NEXT_RUN, LIMITS, LEFTOVERS = "next run", "limits", "leftovers"
SIBLING = """
import os
def main(secret, mark):
    path = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"{mark}-sibling")
    file = open(path, "w")
    file.write(secret)
    file.flush()
    print(path, flush=True)
    os.read(3, 1)
"""
DAMAGE = ("files outside", "datagrams", "the victim", "traps in data/")


async def siege(name: str, *, slow: bool = False) -> dict[str, dict[str, Verdict]]:
    """Attack one of CANDIDATES with everything; the verdicts by group and attack."""
    with decoys.made() as made:
        field = Field(CANDIDATES[name](), Path(sys.executable), made.workspace)
        try:
            return await _all(field, made, walled=name != "none", slow=slow)
        finally:
            field.left_after(0)
            field.close()


async def _all(field: Field, made: Decoys, *, walled: bool, slow: bool) -> dict[str, dict[str, Verdict]]:
    before = _state(made)
    found = {}
    sibling = await field.start(Limits())
    try:
        await sibling.begin(field.frame(SIBLING, {"secret": made.secret, "mark": made.told["mark"]}))
        while "\n" not in sibling.stdout.text and sibling.ended is None:
            await asyncio.sleep(0.01)
        made.told["sibling_file"] = sibling.stdout.text.strip()
        made.told["others"] = [made.victim.pid, os.getpid(), *_descendants(made.victim.pid)]
        for group in GROUPS:
            found[group] = await _group(field, group, made)
    finally:
        await sibling.close()
    found[NEXT_RUN] = await _next_run(field, made, together=not walled)
    found[LEFTOVERS] = _damage(made)
    found[LIMITS] = await bombs.explode(field, made.told["mark"], wide=not walled, slow=slow)
    for _ in range(10):
        await asyncio.sleep(0)  # a closed transport lets go of its socket in the loop's next turn
    found[LEFTOVERS] |= _left(field, before, _state(made))
    return found


def _descendants(victim: int) -> list[int]:
    """Fork server, keepers and scripts, as they are called outside."""
    return [pid for pid in warden.descendants(os.getpid()) if pid != victim]


async def _group(field: Field, group: str, made: Decoys) -> dict[str, Verdict]:
    source = f"from attacks import told, {group}\ndef main(**decoys):\n    return told.run({group}, decoys)\n"
    outcome = await field.run(source, made.told)
    if not isinstance(outcome.value, dict):
        return {"the run itself": (UNCLEAR, f"{outcome.ending} {outcome.stderr[-1000:]}")}
    return {name: (verdict, words) for name, (verdict, words) in outcome.value.items()}


async def _next_run(field: Field, made: Decoys, *, together: bool) -> dict[str, Verdict]:
    """What one run leaves and another finds; `together`, in one run, proves that it can be found at all."""
    head = "from attacks import poison\ndef main(**decoys):\n"
    sources = [f"{head}    poison.leave(decoys)\n    return poison.find(decoys)\n"]
    if not together:
        sources = [f"{head}    poison.leave(decoys)\n", f"{head}    return poison.find(decoys)\n"]
    for source in sources:
        outcome = await field.run(source, made.told)
    if not isinstance(outcome.value, list):
        return {"the run itself": (UNCLEAR, f"{outcome.ending} {outcome.stderr[-1000:]}")}
    return {name: (THROUGH, "found") if name in outcome.value else (HELD, "") for name in poison.NAMES}


def _damage(made: Decoys) -> dict[str, Verdict]:
    found = made.damage()
    return {name: (THROUGH, found[name]) if name in found else (HELD, "as before") for name in DAMAGE}


def _state(made: Decoys) -> dict[str, set[str]]:
    """What of the machine a run could leave behind, by what it is."""
    rows = Path("/proc/sysvipc/shm").read_text().splitlines() if Path("/proc/sysvipc/shm").exists() else []
    return {
        "mounts": {row for row in Path("/proc/self/mounts").read_text().splitlines() if made.root.name in row},
        "temporary folders": {str(path) for path in Path("/tmp").glob(f"*/{made.told['mark']}*")},
        "files in shared folders": set(map(str, decoys.marked(made.told["mark"]))),
        "shared memory": {row.split()[0] for row in rows if row.split()[0] == str(made.told["poison_key"])},
        "descriptors here": {name for name in os.listdir("/proc/self/fd") if _is_open(int(name))},
    }


def _is_open(descriptor: int) -> bool:
    try:
        return bool(os.fstat(descriptor))
    except OSError:
        return False  # what listed them


def _left(field: Field, before: dict[str, set[str]], after: dict[str, set[str]]) -> dict[str, Verdict]:
    found = {name: after[name] - before[name] for name in before}
    found["processes"] = set(map(str, field.left_after()))
    return {name: (THROUGH, ", ".join(sorted(new))) if new else (HELD, "none") for name, new in found.items()}


async def start_cost(name: str, rounds: int) -> tuple[float, float]:
    """Milliseconds to start and end an empty run behind a wall that stands, and a bare interpreter; medians."""
    with decoys.made() as made:
        field = Field(CANDIDATES[name](), Path(sys.executable), made.workspace)
        try:
            await field.run("pass")
            walled, bare = [], []
            for _ in range(rounds):
                begin = time.perf_counter()
                await field.run("pass")
                middle = time.perf_counter()
                subprocess.run([sys.executable, "-I", "-c", "pass"], check=True)
                walled.append(middle - begin)
                bare.append(time.perf_counter() - middle)
            return 1000 * statistics.median(walled), 1000 * statistics.median(bare)
        finally:
            field.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=[*CANDIDATES])
    parser.add_argument("--slow", action="store_true", help="also the attacks that take long")
    parser.add_argument("--rounds", type=int, default=0, help="measure the start this often")
    arguments = parser.parse_args()
    if why := lacking(arguments.name):
        json.dump({"lacking": why}, sys.stdout)
        return
    os.environ.setdefault(SECRET_VARIABLE, "DECOY-of-the-launcher")
    report: dict[str, Any] = {"backend": arguments.name, "user": os.getuid()}
    report["groups"] = asyncio.run(siege(arguments.name, slow=arguments.slow))
    if arguments.rounds:
        report["start_ms"], report["bare_ms"] = asyncio.run(start_cost(arguments.name, arguments.rounds))
    json.dump(report, sys.stdout, indent=1)


def module_of(group: str) -> ModuleType:
    """The attacks of one of GROUPS."""
    return importlib.import_module(f"attacks.{group}")


if __name__ == "__main__":
    main()
