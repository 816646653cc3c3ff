from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass

import pytest

from codegen.model import JsonObject
from codegen.runtime import room, wire
from codegen.runtime.channel import open_channel
from codegen.runtime.child import Child
from codegen.runtime.room import PARALLEL_CALLS
from codegen.sandbox.backend import ExecResult, Limits
from codegen.sandbox.verdict import read_verdict

TOKEN = "of this run"
WAITING = "import sys; sys.stdin.read(); sys.exit(3)"
"""A process that ends when its input does."""


@dataclass
class Popened:
    """A plain process as a sandbox's."""

    popen: subprocess.Popen[bytes]

    @property
    def result(self) -> ExecResult | None:
        code = self.popen.poll()
        return None if code is None else read_verdict(f"exit {code}" if code >= 0 else f"signal {-code}")

    def kill(self) -> None:
        self.popen.kill()

    def wait(self, timeout: float | None = None) -> ExecResult:
        raise NotImplementedError

    async def ended(self) -> ExecResult:
        await asyncio.to_thread(self.popen.wait)
        assert self.result is not None
        return self.result


async def child_of(source: str) -> tuple[Child, socket.socket, subprocess.Popen[bytes]]:
    """A child, the script's end of its channel, and its process."""
    ours, theirs = socket.socketpair()
    out = os.pipe()
    process = subprocess.Popen([sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=out[1])
    os.close(out[1])
    child = Child(Popened(process), await open_channel(ours), TOKEN, Limits(output_bytes=10_000))
    child.pump(out[0], child.stdout)
    return child, theirs, process


def encode(message: JsonObject) -> bytes:
    return wire.encode({"token": TOKEN, **message})


async def echo(message: JsonObject) -> JsonObject:
    return {"value": message["n"]}


def receive(end: socket.socket) -> JsonObject:
    def exactly(size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += end.recv(size - len(data))
        return data

    received: JsonObject = json.loads(exactly(int.from_bytes(exactly(4), "big")))
    return received


def test_it_answers_calls_and_gives_the_exit_status_output_and_result():
    async def main() -> None:
        child, end, process = await child_of("import sys; print('ü'); sys.stdin.read(); sys.exit(3)")
        serving = asyncio.create_task(child.serve(echo))
        end.sendall(encode({"id": "any", "n": 1}) + encode({"id": None, "n": 2}))
        answers = [await asyncio.to_thread(receive, end) for _ in range(2)]
        assert sorted(answers, key=str) == sorted([{"id": "any", "value": 1}, {"id": None, "value": 2}], key=str)
        end.sendall(encode({"result": [5]}))
        end.close()
        process.stdin.close()
        assert (await serving).code == 3
        assert (child.stdout.text, child.result, child.ended) == ("ü\n", [5], ExecResult("exit", 3))
        await child.close()
        await child.close()

    asyncio.run(main())


def test_calls_over_the_limit_wait_for_their_turn():
    async def main() -> None:
        child, end, process = await child_of(WAITING)
        under_way = most = 0
        go, full = asyncio.Event(), asyncio.Event()

        async def slow(message: JsonObject) -> JsonObject:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            if under_way == PARALLEL_CALLS:
                full.set()
            await go.wait()
            under_way -= 1
            return {"value": message["n"]}

        serving = asyncio.create_task(child.serve(slow))
        end.sendall(b"".join(encode({"id": n, "n": n}) for n in range(200)))
        await full.wait()
        go.set()
        answers = [await asyncio.to_thread(receive, end) for _ in range(200)]
        assert sorted(answer["id"] for answer in answers) == list(range(200))
        assert most == PARALLEL_CALLS
        process.stdin.close()
        end.close()
        await serving
        await child.close()

    asyncio.run(main())


def test_an_answer_that_fails_in_the_broker_ends_the_run_with_the_reason_instead_of_hanging():
    async def broken(message: JsonObject) -> JsonObject:
        raise RuntimeError("disk full")

    async def main() -> None:
        child, end, process = await child_of(WAITING)
        end.sendall(encode({"id": 1, "n": 1}))
        found = await child.serve(broken)
        assert found.reason == "killed"
        assert "disk full" in found.text
        await child.close()
        process.stdin.close()
        end.close()

    asyncio.run(main())


def test_calls_under_way_are_given_up_when_the_process_ends():
    async def main() -> None:
        child, end, process = await child_of(WAITING)
        started, given_up = asyncio.Event(), []

        async def never(message: JsonObject) -> JsonObject:
            try:
                started.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                given_up.append(message["id"])
                raise
            return {}

        serving = asyncio.create_task(child.serve(never))
        end.sendall(encode({"id": 1}))
        await started.wait()
        end.close()
        process.stdin.close()
        assert (await serving).code == 3
        assert given_up == [1]
        await child.close()

    asyncio.run(main())


def test_a_flood_of_output_ends_the_run():
    async def main() -> None:
        child, end, process = await child_of("while True: print('x' * 1000)")
        found = await child.serve(echo)
        assert (found.reason, found.limit) == ("limit", "output")
        assert len(child.stdout.text) == 10_000
        await child.close()
        process.stdin.close()
        end.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    "sent",
    [
        wire.encode({"id": 1, "n": 1}),
        wire.encode({"token": "of another run", "result": 1}),
        b"\xff\xff\xff\xff",
        b"\0\0\0\x03abc",
        b"\0\0\0\x02[]",
    ],
    ids=["no token", "another token", "too long", "no JSON", "no object"],
)
def test_what_is_no_message_of_this_run_ends_it_and_is_not_answered(sent):
    async def main() -> None:
        child, end, process = await child_of(WAITING)
        end.sendall(sent)
        found = await child.serve(echo)
        assert "its channel carried something else than calls" in found.text
        await child.close()
        assert await asyncio.to_thread(end.recv, 1) == b""
        process.stdin.close()
        end.close()

    asyncio.run(main())


@pytest.mark.parametrize("sent", [b"", b"\0\0", b"\0\1\0\0half"], ids=["nothing", "half a length", "half a message"])
def test_a_channel_that_is_closed_early_leaves_the_run_alone(sent):
    async def main() -> None:
        child, end, process = await child_of(WAITING)
        serving = asyncio.create_task(child.serve(echo))
        end.sendall(sent)
        end.close()
        process.stdin.close()
        assert (await serving).code == 3
        await child.close()

    asyncio.run(main())


def test_a_script_that_stops_reading_is_no_longer_read_and_others_go_on():
    async def main() -> None:
        deaf, its_end, its_process = await child_of(WAITING)
        child, end, process = await child_of(WAITING)
        answered = 0

        async def much(message: JsonObject) -> JsonObject:
            nonlocal answered
            answered += 1
            return {"value": "x" * 100_000}

        serving = [asyncio.create_task(deaf.serve(much)), asyncio.create_task(child.serve(echo))]
        flood = asyncio.create_task(asyncio.to_thread(its_end.sendall, encode({"id": 1}) * 5_000))
        await asyncio.sleep(0)
        end.sendall(encode({"id": 1, "n": 7}))
        assert (await asyncio.to_thread(receive, end))["value"] == 7
        while answered < PARALLEL_CALLS:
            await asyncio.sleep(0.01)
        assert answered <= 2 * PARALLEL_CALLS, "as many as fit into the socket's buffer and then wait"
        its_end.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            await flood
        for each in (its_process, process):
            each.stdin.close()
        await asyncio.gather(*serving)
        for one in (deaf, child):
            await one.close()
        its_end.close()
        end.close()

    asyncio.run(main())


def test_a_flood_of_messages_is_read_at_a_pace(monkeypatch):
    monkeypatch.setattr(room, "MESSAGES_PER_SECOND", 40)

    async def main() -> None:
        again = asyncio.Event()
        place = room.Room(again.set)
        let_in = 0
        while place.enter(1):
            place.leave(1)
            let_in += 1
        assert let_in == 10, "in a quarter of a second"
        await again.wait()
        assert place.enter(1)

    asyncio.run(main())


def test_requests_that_are_large_together_wait_for_each_other(monkeypatch):
    monkeypatch.setattr(room, "BYTES_UNDER_WAY", 100)
    again = []

    async def main() -> None:
        place = room.Room(lambda: again.append(place.enter(90)))
        assert place.enter(90)
        assert not place.enter(90)
        place.leave(90)

    asyncio.run(main())
    assert again == [True]
