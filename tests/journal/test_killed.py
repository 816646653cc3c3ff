"""A writer that is killed at any moment leaves a journal that is whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys

from codegen.journal.read import calls_of, recent_runs
from codegen.journal.verify import verify
from codegen.journal.write import Journal

WRITER = """
import sys
from pathlib import Path
from codegen.journal.record import Ended, Sent
from codegen.journal.write import Journal

journal = Journal(Path(sys.argv[1]))
while True:
    run = journal.begin("a.py", "print(1)", (), "native", {})
    for number in range(1, 20):
        journal.call_sent(run, Sent(number, "s", "t", {"n": number}))
        print(number, flush=True)
        journal.call_ended(run, number, "answered", "x" * (70_000 if number % 5 == 0 else number), 0.1)
    journal.end(run, Ended("succeeded", 0, 0.1, None, "", ""))
"""
KILLS = 12


def test_a_writer_killed_at_any_moment_leaves_whole_records_and_a_chain_that_goes_on(path):
    chance = random.Random(5)
    path.parent.mkdir(parents=True)
    for _ in range(KILLS):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
        assert writer.stdout
        for _ in range(chance.randrange(1, 60)):
            told = writer.stdout.readline()
        assert told
        for _ in range(chance.randrange(0, 2000)):
            os.getppid()  # somewhere within the next write, without a clock
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        assert verify(path).problem == ""
        newest = recent_runs(path, 1)[0]
        calls = calls_of(path, newest.id)
        assert [call.number for call in calls] == list(range(1, len(calls) + 1))
        assert all(call.state == "answered" for call in calls[:-1])
    Journal(path).close()
    assert verify(path).problem == ""
    runs = recent_runs(path, 1000)
    assert {run.state for run in runs} <= {"succeeded", "interrupted"}
    assert sum(run.state == "interrupted" for run in runs) >= KILLS // 2


SIDE_BY_SIDE = """
import sys
from pathlib import Path
from codegen.journal.record import Ended, Sent
from codegen.journal.write import Journal

journal = Journal(Path(sys.argv[1]))
sys.stdin.readline()
for _ in range(3):
    run = journal.begin(sys.argv[2], "print(1)", (), "native", {})
    for number in range(1, 60):
        journal.call_sent(run, Sent(number, "s", "t", {"n": number}))
        journal.call_ended(run, number, "answered", f"{sys.argv[2]} {number}", 0.1)
    journal.end(run, Ended("succeeded", 0, 0.1, None, "", ""))
"""


def test_processes_that_write_at_once_lose_nothing_and_mix_nothing_up(path):
    path.parent.mkdir(parents=True)
    writers = [
        subprocess.Popen([sys.executable, "-c", SIDE_BY_SIDE, str(path), name], stdin=subprocess.PIPE, text=True)
        for name in ("one", "two", "three")
    ]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    assert verify(path).records == 3 * 3 * (59 * 2 + 2)
    assert verify(path).problem == ""
    runs = recent_runs(path, 100)
    assert len(runs) == 9
    for run in runs:
        assert [call.answer for call in calls_of(path, run.id)] == [f"{run.script} {n}" for n in range(1, 60)]
