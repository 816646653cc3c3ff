from __future__ import annotations

import asyncio
import os

import pytest

from codegen.sandbox.backend import Limits

DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("daemon", flush=True)
        time.sleep(60)
    os._exit(0)
os.wait()
"""


def test_it_says_that_nothing_is_confined(plain):
    assert not plain.backend.confines
    assert "not confined" in plain.backend.probe().why


def test_a_daemon_ends_with_the_script_that_left_it(plain):
    assert plain.run(DAEMON).ending.code == 0  # `run` fails where anybody still holds stdout


def test_killing_a_run_ends_all_its_processes(plain):
    run = plain.begin()
    run.send(plain.start_frame(DAEMON + "time.sleep(60)"))
    assert os.read(run.stdout, 7) == b"daemon\n"
    run.process.kill()
    run.process.kill()
    run.process.wait(10)
    os.set_blocking(run.stdout, False)
    assert os.read(run.stdout, 1) == b""


def test_the_same_limits_hold(plain):
    source = "import os, time\nfor _ in range(30):\n    if os.fork() == 0:\n        time.sleep(60)\ntime.sleep(60)\n"
    assert plain.run(source, limits=Limits(processes=20)).ending.limit == "processes"


def test_the_end_can_be_awaited(plain):
    run = plain.begin()
    run.send(plain.start_frame("raise SystemExit(4)"))
    assert asyncio.run(run.process.ended()).code == 4


def test_waiting_gives_up_after_its_time(plain):
    run = plain.begin()
    with pytest.raises(TimeoutError):
        run.process.wait(0.01)
