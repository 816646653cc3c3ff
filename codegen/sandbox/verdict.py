"""What a run's keeper says of its end, in words that travel over a socket.

exit N | signal N | limit NAME | killed | broken REASON
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import cast

from codegen.sandbox.backend import ExecResult, Limit

_LIMITS: Mapping[str, str] = {
    "time": "the time limit was reached",
    "cpu": "the CPU time limit was reached",
    "memory": "the memory limit was reached",
    "processes": "the limit on processes and threads was reached",
    "disk": "the limit on what a run may write to disk was reached",
    "output": "the limit on output was reached",
}
KILLED = ExecResult("killed", text="it was killed")


def read_verdict(words: str) -> ExecResult:
    """Never raises: a keeper that died without a word was killed."""
    kind, _, rest = words.partition(" ")
    if kind == "exit" and rest.isdecimal():
        return ExecResult("exit", int(rest))
    if kind == "signal" and rest.isdecimal():
        return _by_signal(int(rest))
    if kind == "limit" and rest in _LIMITS:
        return by_limit(cast("Limit", rest))
    if kind == "broken":
        return not_built(rest)
    return KILLED


def by_limit(name: Limit) -> ExecResult:
    """What is said of a run that a limit ended."""
    return ExecResult("limit", limit=name, text=_LIMITS[name])


def not_built(why: str) -> ExecResult:
    """What is said of a run that did not begin."""
    return ExecResult("sandbox", text=f"the sandbox could not be built: {why}")


def _by_signal(number: int) -> ExecResult:
    if number == signal.SIGXCPU:
        return by_limit("cpu")
    if number in {signal.SIGKILL, signal.SIGTERM}:
        return KILLED
    return ExecResult("signal", text=f"it was ended by {_signal_name(number)}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
