"""One warm process for many runs: nothing is left of any of them, and nothing of one is there for the next."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from e2e.test_sync_faults import until
from sandbox.conftest import ENVIRONMENT, Sandbox, drain

from codegen.sandbox.backend import ExecResult, Mounts, Spec, View
from codegen.sandbox.forkserver import PACKAGES, ForkServer
from codegen.sandbox.inside import warden
from codegen.sandbox.unconfined import Unconfined
from codegen.sandbox.view import system_mounts

RUNS = int(os.environ.get("RUNS", "250"))
AT_ONCE = 16
FAMILY = "import os, time\nos.fork()\nos.fork()\nif os.fork() == 0: os.setsid()\ntime.sleep(60)\n"
WRITER = "import os\nassert os.listdir('/dev/shm') == []\nopen('/dev/shm/x', 'w').write('x')\nopen('data/x', 'a')\n"


@pytest.fixture
def wall(make, native_backend):
    """The one that has a fork server."""
    return make(native_backend)


@pytest.fixture(params=["native", "none"])
def sandbox(request) -> Sandbox:
    return request.getfixturevalue({"native": "wall", "none": "plain"}[request.param])


def server(sandbox: Sandbox) -> ForkServer:
    found = sandbox.wall_for()
    assert isinstance(found, ForkServer)
    return found


async def one(sandbox: Sandbox, source: str, kill_after: float | None = None) -> ExecResult:
    run = sandbox.begin()
    run.send(sandbox.start_frame(source))
    if kill_after is not None:
        await asyncio.sleep(kill_after)
        run.process.kill()
    found = await run.process.ended()
    for descriptor in (run.stdout, run.stderr):
        drain(descriptor)  # fails where anybody still holds the other end
        os.close(descriptor)
    run.channel.close()
    sandbox.runs.remove(run)
    return found


def held(pid: int) -> tuple[int, int, int]:
    """Children, descriptors and mounts of a process."""
    return (
        len(warden.descendants(pid)),
        len(os.listdir(f"/proc/{pid}/fd")),
        len(Path(f"/proc/{pid}/mountinfo").read_text().splitlines()),
    )


def resident(pid: int) -> int:
    """Bytes of a process's own, swapped out or not: the pages of files come and go as the kernel likes."""
    lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return sum(int(words[1]) << 10 for words in lines if words[0] in {"RssAnon:", "VmSwap:"})


def test_many_runs_sixteen_at_a_time_some_killed_at_any_moment_leave_nothing(wall):
    async def many(count: int) -> None:
        turn = asyncio.Semaphore(AT_ONCE)
        moments = random.Random(4)

        async def next_one(number: int) -> None:
            async with turn:
                if number % 5:
                    assert await one(wall, WRITER) == ExecResult("exit", 0)
                else:
                    found = await one(wall, FAMILY, moments.random() * 0.06)
                    assert found.reason == "killed"

        await asyncio.gather(*map(next_one, range(count)))

    asyncio.run(many(100))
    asyncio.run(asyncio.sleep(0))
    zygote = server(wall).pid
    until(lambda: held(zygote)[0] == 0)  # the last keeper tells the end just before its own
    before, ours, size = held(zygote), len(os.listdir("/proc/self/fd")), resident(zygote)
    asyncio.run(many(RUNS))
    until(lambda: held(zygote)[0] == 0)
    assert held(zygote) == before
    assert len(os.listdir("/proc/self/fd")) == ours
    assert resident(zygote) - size < 2 << 20


def test_nothing_of_a_run_is_there_for_the_next(sandbox):
    sandbox.run(
        "import builtins, json, os, resource, signal, sys, time\n"
        "builtins.open = json.dumps = os.listdir = None\n"
        "sys.modules['json'] = sys.modules['time'] = None\n"
        "sys.path.insert(0, '/poison')\n"
        "os.environ['POISON'] = '1'\n"
        "os.umask(0o777)\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.01)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\n"
        "os.nice(5)\n"
        "os.chdir('/')\n"
    )
    expression = (
        "[open is not None, json.dumps([]), time is None, '/poison' in sys.path, 'POISON' in os.environ, os.umask(0),"
        " signal.getsignal(signal.SIGTERM).name, list(signal.pthread_sigmask(signal.SIG_BLOCK, [])),"
        " resource.getrlimit(resource.RLIMIT_NOFILE)[0], os.nice(0), os.getcwd()]"
    )
    seen = sandbox.value(expression, "json, os, resource, signal, sys, time")
    expected = [True, "[]", False, False, False, 0o22, "SIG_DFL", [], 256, os.nice(0), str(sandbox.workspace)]
    assert seen == expected


def test_every_run_draws_other_numbers(sandbox):
    expression = "[random.random(), uuid.uuid4().hex, os.urandom(8).hex(), secrets.token_hex(8), tempfile.mktemp()]"
    drawn = [sandbox.value(expression, "os, random, secrets, tempfile, uuid") for _ in range(3)]
    for kind in zip(*drawn, strict=True):
        assert len(set(kind)) == 3


def test_a_run_has_one_thread_and_no_signal_masked(sandbox):
    status = sandbox.value("open('/proc/self/status').read()")
    fields = dict(line.split(":\t") for line in status.splitlines())
    assert fields["Threads"] == "1"
    assert int(fields["SigBlk"], 16) == 0


def test_what_the_script_left_open_is_flushed_and_its_exit_functions_are_called(sandbox, workspace):
    outcome = sandbox.run(
        "import atexit, weakref\n"
        "class Kept:\n"
        "    def __del__(self): print('finalised')\n"
        "kept = Kept()\n"
        "kept.itself = kept\n"
        "file = open('data/kept', 'w')\n"
        "file.write('all of it')\n"
        "atexit.register(print, 'at exit')\n"
        "print('last line', end='')\n"
    )
    assert outcome.stdout == "last lineat exit\nfinalised\n"
    assert (workspace / "data" / "kept").read_text() == "all of it"


def test_runs_side_by_side_do_not_see_or_reach_each_other(wall):
    first = wall.begin()
    first.send(wall.start_frame("import time\nopen('/tmp/mine', 'w')\nprint('ready', flush=True)\ntime.sleep(60)"))
    assert os.read(first.stdout, 6) == b"ready\n"
    listed = "[sorted(int(name) for name in os.listdir('/proc') if name.isdigit()), os.path.exists('/tmp/mine')]"
    assert wall.value(listed) == [[1, 2], False]
    assert first.process.result is None


def test_when_the_fork_server_is_killed_its_runs_end_and_it_says_so(sandbox):
    run = sandbox.begin()
    run.send(sandbox.start_frame("print('ready', flush=True)\n" + FAMILY))
    assert os.read(run.stdout, 6) == b"ready\n"
    os.kill(server(sandbox).pid, signal.SIGKILL)
    assert run.process.wait(10).reason == "killed"
    drain(run.stdout)
    os.waitid(os.P_PID, server(sandbox).pid, os.WEXITED | os.WNOWAIT)
    assert not server(sandbox).alive


def test_what_a_killed_keeper_leaves_behind_is_ended(plain):
    run = plain.begin()
    run.send(plain.start_frame("print('ready', flush=True)\n" + FAMILY))
    assert os.read(run.stdout, 6) == b"ready\n"
    (keeper,) = warden.children(server(plain).pid)
    os.kill(keeper, signal.SIGKILL)
    assert run.process.wait(10).reason == "killed"
    assert plain.run("print('next')").stdout == "next\n"
    drain(run.stdout)


def test_who_asks_a_dead_fork_server_is_told(plain):
    dead = server(plain)
    os.kill(dead.pid, signal.SIGKILL)
    os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)
    assert not dead.alive
    assert plain.begin().process.wait(10).reason == "killed"


def test_a_module_that_cannot_be_imported_ahead_costs_only_a_line(workspace):
    view = View(Path(sys.executable), Mounts(system_mounts()), preload=("no_such_module", "statistics"))
    wall = Unconfined().prepare(view)
    ours, theirs = socket.socketpair()
    out = os.pipe()
    try:
        while "statistics" not in loaded(wall, workspace, out):
            pass
    finally:
        wall.close()
        for each in (ours, theirs):
            each.close()
        for descriptor in out:
            os.close(descriptor)


def loaded(wall: ForkServer, workspace: Path, out: tuple[int, int]) -> str:
    """The modules that a run finds loaded."""
    ours, theirs = socket.socketpair()
    process = wall.start(Spec(workspace, theirs.fileno(), out[1], out[1], ENVIRONMENT))
    theirs.close()
    body = b'{"start": {"source": "import sys; print(*sys.modules)", "file": "<x>", "argv": [], "path": [],'
    body += b' "arguments": null, "call_main": false}}'
    ours.sendall(len(body).to_bytes(4, "big") + body)
    assert process.wait(10).code == 0
    ours.close()
    return os.read(out[0], 1 << 16).decode()


def test_a_cold_start_imports_little():
    """Each of these modules would cost the first run behind every wall a millisecond or more."""
    script = (
        "import sys; sys.path.append(sys.argv[1]); before = set(sys.modules)\n"
        "from codegen.sandbox.inside import isolated, runner, zygote\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    command = [sys.executable, "-I", "-S", "-c", script, str(PACKAGES)]
    loaded = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    ours = {name for name in loaded if name.partition(".")[0] == "codegen"}
    assert len(ours) <= 22
    assert len(loaded - ours) <= 28
    assert not loaded & {"json", "re", "enum", "functools", "collections", "contextlib", "signal", "socket", "pathlib"}
