from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass

from codegen.model import JsonObject
from codegen.runtime.child import PARALLEL_CALLS, Child
from codegen.runtime.wire import encode
from codegen.sandbox.backend import ExecResult, Limits
from codegen.sandbox.verdict import read_verdict

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
    child = Child(Popened(process), await asyncio.open_unix_connection(sock=ours), Limits(output_bytes=10_000))
    child.pump(out[0], child.stdout)
    return child, theirs, process


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
