"""The host's end of a container: a process that starts the engine's client and carries a run's streams over it.

Neither engine lets a descriptor into a container, so channel, stdout and stderr cross as lanes of the client's stdin
and stdout (`lanes.py`), to `contained.py`. It needs nothing of Linux. `main` reads its orders from stdin, and reports
the verdict over `report`; that shut, or its broker dead, it ends the container by name.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from typing import IO, TypedDict

from codegen.sandbox.containers.lanes import CHANNEL, ERR, OUT, UP, VERDICT, Lanes, LinkError

_CLIENT_LIMIT_S = 10
"""For an engine to answer, or a client to end."""

_DRAIN_LIMIT_S = 1.0
"""To take what a run that has ended left behind."""

_LONGEST_WORDS = 300


class Orders(TypedDict):
    """`run` is the client's command; `has_image`, `make_image` (fed `tar`, in Base64) and `remove` are others.

    `inner` goes to process 1 of the container. The others are descriptors. `refused`: why there is nothing to run.
    """

    run: list[str]
    has_image: list[str]
    make_image: list[str]
    tar: str
    remove: list[str]
    inner: str
    channel: int
    stdout: int
    stderr: int
    report: int
    refused: str


def main() -> None:
    """One run, from its container's start to its end."""
    orders: Orders = json.load(sys.stdin)
    verdict = f"broken {orders['refused']}" if orders["refused"] else _run(orders)
    with socket.socket(fileno=orders["report"]) as report:
        try:
            report.sendall(verdict.encode())
        except OSError:
            return  # nobody asks any more


def _run(orders: Orders) -> str:
    verdict, came_up = _attempt(orders)
    if not came_up and verdict.startswith("broken") and _make_image(orders):
        verdict, _ = _attempt(orders)
    return verdict


def _make_image(orders: Orders) -> bool:
    """Whether the image was missing and now is there."""
    if not orders["make_image"] or _call(orders["has_image"]):
        return False
    return _call(orders["make_image"], base64.b64decode(orders["tar"]))


def _call(command: list[str], stdin: bytes = b"") -> bool:
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=_CLIENT_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _attempt(orders: Orders) -> tuple[str, bool]:
    """Run the client to its end: the verdict, and whether anything in the container answered."""
    with tempfile.TemporaryFile() as said:
        client = subprocess.Popen(orders["run"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said)
        heard, was_killed = _carry(client, orders)
        came_up = heard.startswith(UP)
        verdict = heard.removeprefix(UP).decode(errors="replace")
        if was_killed or not _has_ended(client):
            _end(client, orders["remove"])
        if verdict:
            return verdict, True
        if came_up or was_killed:
            return "killed", True
        return f"broken {_words(said, client.returncode)}", False


def _carry(client: subprocess.Popen[bytes], orders: Orders) -> tuple[bytes, bool]:
    """What came over the verdict's lane, and whether it was this end that gave up."""
    assert client.stdin is not None
    assert client.stdout is not None
    inner = orders["inner"].encode()
    told, tell = os.pipe()
    lanes = Lanes(
        (client.stdout.fileno(), client.stdin.fileno()),
        {CHANNEL: orders["channel"]},
        {CHANNEL: orders["channel"], OUT: os.dup(orders["stdout"]), ERR: os.dup(orders["stderr"]), VERDICT: tell},
        len(inner).to_bytes(4, "big") + inner,
    )
    try:
        was_killed = _is_cut_short(lanes, orders["report"])
    except LinkError:
        was_killed = True
    with contextlib.suppress(BrokenPipeError):
        client.stdin.close()
    client.stdout.close()
    os.set_blocking(told, False)
    try:
        return os.read(told, 4096), was_killed
    except BlockingIOError:
        return b"", was_killed
    finally:
        os.close(told)


def _is_cut_short(lanes: Lanes, report: int) -> bool:
    """Carry until all has come and was delivered; True if the run is to be ended before that."""
    while not (lanes.shut and lanes.delivered):
        if lanes.step([report], _DRAIN_LIMIT_S):
            return True
        if (lanes.shut or lanes.is_over(VERDICT)) and lanes.idle_s > _DRAIN_LIMIT_S:
            return not lanes.shut
    return False


def _has_ended(client: subprocess.Popen[bytes]) -> bool:
    try:
        client.wait(_CLIENT_LIMIT_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(client: subprocess.Popen[bytes], remove: list[str]) -> None:
    """By name, for a client takes no container along; again while the client lives: it may be about to make it."""
    for _ in range(_CLIENT_LIMIT_S):
        _call(remove)
        try:
            client.wait(1)
        except subprocess.TimeoutExpired:
            continue
        break
    else:
        client.kill()
        client.wait()
    _call(remove)


def _words(said: IO[bytes], code: int) -> str:
    """Why nothing ran, out of all that a client says: its error, if one line is called so."""
    said.seek(0)
    lines = [line.strip() for line in said.read().decode(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return next(iter(errors or lines), f"the engine's client ended with {code}")[:_LONGEST_WORDS]
