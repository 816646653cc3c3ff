"""Side effects happen once: a run of 30 calls with 10 writes, struck at every point of its way, and resumed.

Long: FAULTS=600 pytest tests/faults/test_once.py
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.faulty import POINTS, Brokers, Fault

SEED = 20261125
FAULTS = int(os.environ.get("FAULTS", "60"))

ONE_BY_ONE = """
from servers.ledger import get, post
from servers import ToolRejected
def main():
    done = []
    for number in range(10):
        key = get(key=f"k{number}").removeprefix("value of ")
        try:
            post(key=key)
        except ToolRejected:
            done.append(f"not sure of {key}")
        done.append(get(key=f"after {key}"))
    return done
"""
SIDE_BY_SIDE = """
from servers.ledger import get, post
from servers import ToolRejected, gather
def write(key):
    try:
        post(key=key)
    except ToolRejected:
        return f"not sure of {key}"
def main():
    keys = gather(*[lambda n=n: get(key=f"k{n}").removeprefix("value of ") for n in range(10)])
    unsure = gather(*[lambda key=key: write(key) for key in keys])
    after = gather(*[lambda key=key: get(key=f"after {key}") for key in keys])
    return [*filter(None, unsure), *after]
"""
POST_FIVE = """
from servers.ledger import post
def main():
    for number in range(5):
        post(key=f"k{number}")
"""
UNDO = """
[servers.ledger.tools.post]
undo = { tool = "erase", arguments = { key = "arguments.key" } }
"""
SCRIPTS = {"one by one": ONE_BY_ONE, "side by side": SIDE_BY_SIDE}


def faults() -> list[tuple[str, Fault]]:
    """Every point, victim and script comes up; which call is struck is drawn, the same way each time."""
    draw = random.Random(SEED)
    kinds = [
        (script, victim, point) for point in POINTS for victim in ("broker", "script", "server") for script in SCRIPTS
    ]
    return [(kind[0], Fault(*kind[1:], draw.randint(1, 30))) for kind in (kinds[i % len(kinds)] for i in range(FAULTS))]


def faults_of_a_rollback() -> list[Fault]:
    draw = random.Random(SEED)
    kinds = [(victim, point) for victim in ("broker", "server") for point in POINTS]
    return [Fault(*kinds[i * 5 % len(kinds)], draw.randint(1, 5)) for i in range(FAULTS // 15)]


@pytest.fixture
def work(synced_ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "work"
    shutil.copytree(synced_ledger, root, symlinks=True)
    monkeypatch.setenv("LEDGER", str(root / "ledger"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return root


@pytest.fixture
def brokers(work: Path) -> Iterator[Brokers]:
    brokers = Brokers(work)
    yield brokers
    if brokers.pid:
        brokers.end()


def written(root: Path) -> Counter[str]:
    ledger = root / "ledger"
    return Counter(ledger.read_text().splitlines() if ledger.exists() else [])


@pytest.mark.parametrize(("script", "fault"), faults(), ids=lambda each: str(each).replace("Fault", ""))
def test_a_write_is_made_once_or_said_to_be_unknown(work: Path, brokers: Brokers, script: str, fault: Fault):
    brokers.start(fault)
    first = brokers.ask({"run": {"source": SCRIPTS[script], "file": "<test>", "sandbox": "none", "check": False}})
    brokers.end()
    brokers.start()
    envelope, unknown = (
        resumed(brokers) if (first or {}).get("done", {}).get("state") != "succeeded" else (first["done"], set())
    )
    brokers.end()
    times = written(work)
    assert envelope["state"] == "succeeded", envelope["stderr"]
    assert max(times.values(), default=1) == 1
    assert times.keys() | unknown == {f"post k{number}" for number in range(10)}
    assert sorted(each for each in envelope["output"] if each.startswith("value")) == [
        f"value of after k{n}" for n in range(10)
    ]
    assert {f"post {each.rpartition(' ')[2]}" for each in envelope["output"] if each.startswith("not sure")} == unknown


@pytest.mark.parametrize("fault", faults_of_a_rollback(), ids=lambda each: str(each).replace("Fault", ""))
def test_a_write_is_taken_back_once_or_said_to_be_unknown(work: Path, brokers: Brokers, fault: Fault):
    with (work / "codegen.toml").open("a") as settings:
        settings.write(UNDO)
    brokers.start()
    assert brokers.ask({"run": {"source": POST_FIVE, "file": "<test>", "sandbox": "none", "check": False}})
    brokers.end()
    brokers.start(fault)
    reverted(brokers)
    brokers.end()
    brokers.start()
    steps = reverted(brokers)
    brokers.end()
    taken_back = {step["call"]["arguments"]["key"] for step in steps if step["state"] == "reverted"}
    unknown = {step["call"]["arguments"]["key"] for step in steps if step["state"] == "unknown"}
    times = written(work)
    assert max(times.values()) == 1
    assert taken_back | unknown == {f"k{number}" for number in range(5)}
    assert {f"erase {key}" for key in taken_back} <= times.keys()
    assert len(unknown) <= 1


def reverted(brokers: Brokers) -> list[dict]:
    """Take the last run back, all that can be; nothing when the broker died with it."""
    plan = brokers.ask({"rollback": {"run": "last"}})
    assert plan is not None
    approved = [step for step in plan["done"]["steps"] if step["state"] == "ready"]
    done = brokers.ask({"rollback": {"run": "last", "approved": approved, "by": "the test"}})
    assert done is None or "done" in done, done
    return done["done"]["steps"] if done else []


def resumed(brokers: Brokers) -> tuple[dict, set[str]]:
    """Go on until the end; a write of unknown outcome is not repeated, and named."""
    unknown: set[str] = set()
    for _ in range(20):
        done = brokers.ask({"resume": {"run": "last"}})["done"]
        if done["state"] != "waiting":
            return done, unknown
        for call in done["waiting"]:
            assert "outcome is unknown" in call["why"]
            unknown.add(f"{call['tool']} {call['arguments']['key']}")
        brokers.ask({"decide": {"run": done["id"], "allow": False, "by": "the test"}})
    raise AssertionError(json.dumps(done))
