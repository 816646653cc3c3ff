"""The warden sees every end, whenever it comes."""

from __future__ import annotations

import os
import socket
import time

from codegen.sandbox.inside import warden
from codegen.sandbox.inside.disk import Disk

BOUNDS = {"cpu_s": 60, "memory_bytes": 1 << 40, "processes": 1 << 20}


def verdict(script: int, tick_ms: int, bounds: dict[str, int] = BOUNDS) -> str:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        return warden.watch(script, bounds, lambda: [], theirs.fileno(), Disk({}), tick_ms=tick_ms)


def watched(seconds: float, code: int) -> str:
    script = os.fork()
    if not script:
        time.sleep(seconds)
        os._exit(code)
    return verdict(script, 20)


def test_a_script_that_ends_just_when_the_warden_wakes_to_count_is_not_missed():
    # It wakes every 20 ms: ends are spread over the moments around that. A missed one would never be told at all.
    for step in range(120):
        assert watched(0.0195 + step * 0.00001, 7) == "exit 7"


def test_an_end_by_a_signal_is_told_with_its_number():
    script = os.fork()
    if not script:
        os.kill(os.getpid(), 9)
    assert verdict(script, 100) == "signal 9"


def test_a_script_that_would_not_hear_of_its_time_was_ended_by_it():
    script = os.fork()
    if not script:
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass
        os.kill(os.getpid(), 9)
    assert verdict(script, 100, BOUNDS | {"cpu_s": 0}) == "limit cpu"
