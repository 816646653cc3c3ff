"""Attacks and endings, run for real in the containers of every engine that works here."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codegen.sandbox.backend import Limits
from codegen.sandbox.containers.containers import Containers
from codegen.sandbox.linux.syscalls import MACHINES

MIB = 1 << 20
ENGINES = ["docker", "docker without gVisor", "podman", "podman without gVisor"]
pytestmark = pytest.mark.xdist_group("containers")  # they count what an engine has
_probed: dict[str, tuple[Containers, str]] = {}


def working(name: str) -> Containers:
    """Probed once for all tests; skips by name and with the reason."""
    if name not in _probed:
        program, _, without = name.partition(" ")
        backend = Containers(program, gvisor=not without)
        found = backend.probe()
        why = "" if found.works else found.why
        if found.works and not without and backend.runtime != "runsc":
            why = "gVisor isn't installed or doesn't work: see the same engine without it"
        _probed[name] = (backend, why)
    backend, why = _probed[name]
    if why:
        pytest.skip(f"{name}: {why}")
    return backend


@pytest.fixture(params=ENGINES)
def engine(request) -> Containers:
    return working(request.param)


@pytest.fixture
def box(make, engine):
    return make(engine)


def names_of(engine: Containers) -> list[str]:
    command = [engine.name, "ps", "--all", "--filter", "name=codegen-", "--format", "{{.Names}}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_a_result_comes_back_with_both_streams_whole(box):
    outcome = box.run(
        "import sys\ndef main(x):\n    print('ö' * 9000)\n    print('e', file=sys.stderr)\n    return x",
        arguments={"x": {"a": None}},
    )
    assert (outcome.result, outcome.stdout, outcome.stderr) == ({"a": None}, "ö" * 9000 + "\n", "e\n")


def test_calls_cross_in_both_directions(box):
    run = box.begin()
    run.send(
        box.start_frame(
            "import os\nfor _ in range(50):\n    os.write(3, b'ask!')\n    assert os.read(3, 4) == b'got\\xff'\n"
        )
    )
    for _ in range(50):
        assert run.channel.recv(4) == b"ask!"
        run.channel.sendall(b"got\xff")
    assert run.process.wait(30).code == 0


def test_files_that_are_not_mounted_are_not_there(box, workspace):
    paths = [workspace / name for name in ("mcp.json", ".env", ".codegen")]
    paths += [workspace.parent / "secret.txt", *map(Path, ("/etc/shadow", "/var/lib", "/root/.ssh", "/mnt"))]
    assert box.value(f"[path for path in {[str(path) for path in paths]} if os.path.lexists(path)]") == []
    assert box.value("[os.getcwd(), sorted(os.listdir())]") == [str(workspace), ["README.md", "data", "servers"]]


def test_links_reach_nothing_that_is_not_listed(box, workspace):
    (workspace / "data" / "link").symlink_to(workspace.parent / "secret.txt")
    (workspace / "leak").symlink_to(workspace.parent / "secret.txt")
    assert box.refused("open('data/link')") == "FileNotFoundError"
    assert box.value("os.path.exists('leak')", more=(workspace / "leak",)) is False


CHANGES = [
    "open('new', 'w')",
    "open('servers/demo/echo.py', 'a')",
    "os.unlink('README.md')",
    "os.rename('servers', 'old')",
    "os.rename('data', 'old')",
    "os.symlink('data', 'skills')",
    "os.truncate('README.md', 0)",
    "os.chmod('README.md', 0o777)",
    "open('/usr/lib/poison.pth', 'w')",
    "open(os.path.join(sys.prefix, 'lib', 'poison.pth'), 'w')",
    "open('/etc/passwd', 'a')",
    "open('/new', 'w')",
    "open('/run/codegen/codegen/sandbox/inside/runner.py', 'a')",
    "open('/proc/sys/kernel/core_pattern', 'w')",
    "open('/sys/kernel/uevent_helper', 'w')",
    "os.mknod('data/device', 0o20600, os.makedev(1, 11))",
    "os.chmod('data', 0o4777)",
]


def test_nothing_outside_the_writable_folder_can_be_changed(box, workspace):
    before = sorted((path, path.lstat().st_mode) for path in workspace.rglob("*"))
    tries = "".join(
        f"    try:\n        {change}\n        done.append({change!r})\n    except OSError:\n        pass\n"
        for change in CHANGES
    )
    assert box.run(f"import os, sys\ndef main():\n    done = []\n{tries}    return done\n").result == []
    assert sorted((path, path.lstat().st_mode) for path in workspace.rglob("*")) == before


def test_what_is_written_to_data_stays_and_belongs_to_who_runs_it(box, workspace):
    box.run("open('data/kept', 'w').write('yes')")
    assert (workspace / "data" / "kept").read_text() == "yes"
    assert (workspace / "data" / "kept").stat().st_uid == os.getuid()


def test_tmp_is_private_and_small(box):
    source = (
        "def main():\n    try:\n        open('/tmp/big', 'wb').write(bytes(9 << 20))\n    except OSError as error:\n"
    )
    outcome = box.run(source + "        return error.strerror\n", limits=Limits(scratch_bytes=8 * MIB))
    assert outcome.result == "No space left on device"
    assert not Path("/tmp/big").exists()


def test_no_socket_of_any_family_and_no_port_of_the_host(box):
    families = ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        tries = [f"socket.socket(socket.{family}, socket.SOCK_RAW)" for family in families]
        tries.append(f"socket.create_connection({server.getsockname()!r}, 2)")
        body = "".join(
            f"    try:\n        {one}\n        made.append({one!r})\n    except OSError:\n        pass\n"
            for one in tries
        )
        assert box.run(f"import socket\ndef main():\n    made = []\n{body}    return made\n").result == []


def test_no_other_process_is_in_sight_and_process_1_is_out_of_reach(box, engine):
    pids = box.value("sorted(int(name) for name in os.listdir('/proc') if name.isdigit())")
    assert len(pids) == 2
    assert pids[0] == 1
    assert box.refused("open('/proc/1/mem', 'r+b').read(1)") in {"PermissionError", "OSError"}
    if engine.runtime != "runsc":  # which lets a user see its processes' descriptors: a script there may lie of itself
        assert box.refused("os.readlink('/proc/1/fd/64')") == "PermissionError"
    for target in (1, -1):
        assert box.refused(f"os.kill({target}, 19)") == "PermissionError"
    assert box.refused("[os.kill(0, 18), os.killpg(os.getpgid(0), 18)]") == "nothing"


def test_environment_and_descriptors_are_those_of_a_run(box, monkeypatch, workspace):
    monkeypatch.setenv("TOKEN", "SECRET")
    monkeypatch.setenv("HTTP_PROXY", "http://SECRET@host")
    assert box.value("dict(os.environ)") == {"HOME": "/tmp", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    assert "SECRET" not in box.value("open('/proc/self/environ').read()")
    assert box.value("sorted(map(int, os.listdir('/proc/self/fd')))") == [0, 1, 2, 3, 4]  # 4 is the listing itself


def test_no_privilege_is_left(box):
    status = dict(line.split(":\t") for line in box.value("open('/proc/self/status').read()").splitlines())
    assert [int(status[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Bnd")] == [0] * 4
    assert status["Seccomp"] == "2"


CALLS = (
    "unshare mount umount2 pivot_root setns chroot open_tree fsopen bpf io_uring_setup perf_event_open userfaultfd "
    "keyctl add_key ptrace process_vm_readv pidfd_getfd open_by_handle_at kexec_load init_module syslog memfd_create"
)


def test_system_calls_with_no_use_for_a_script_are_refused(box):
    machine = MACHINES[os.uname().machine]
    outcome = box.run(
        "import ctypes, errno\n"
        "def main(**numbers):\n"
        "    libc = ctypes.CDLL(None, use_errno=True)\n"
        "    answers = {}\n"
        "    for name, number in numbers.items():\n"
        "        ctypes.set_errno(0)\n"
        "        libc.syscall(number, 0, 0, 0, 0, 0, 0)\n"
        "        answers[name] = errno.errorcode.get(ctypes.get_errno())\n"
        "    return answers\n",
        arguments={name: machine.number(name) for name in CALLS.split()},
    )
    assert {name: answer for name, answer in outcome.result.items() if answer not in {"EPERM", "ENOSYS"}} == {}


def test_a_fork_bomb_is_stopped(box):
    source = "import os, time\nwhile True:\n    try:\n        if os.fork() == 0:\n            time.sleep(60)\n"
    source += "    except BlockingIOError:\n        raise SystemExit(7)\n"
    ending = box.run(source, limits=Limits(processes=20)).ending
    assert ending.code == 7 or ending.limit == "processes"


def test_memory_of_one_process_ends_in_memory_error(box):
    outcome = box.run("bytearray(1200 << 20)", limits=Limits(memory_bytes=256 * MIB))
    assert outcome.frames == [] or outcome.failure["type"] == "MemoryError"
    assert outcome.ending.code == 1 or outcome.ending.limit == "memory"


def test_memory_of_all_processes_together_is_limited(box):
    source = "import os, time\nfor _ in range(4):\n    if os.fork() == 0:\n        held = b'x' * (100 << 20)\n"
    outcome = box.run(source + "        time.sleep(60)\ntime.sleep(60)\n", limits=Limits(memory_bytes=256 * MIB))
    assert outcome.ending.limit == "memory"


def test_processor_time_and_the_size_of_a_file_are_limited(box):
    assert box.run("while True: pass", limits=Limits(cpu_s=1)).ending.limit == "cpu"
    outcome = box.run("open('data/big', 'wb').write(bytes(2 << 20))", limits=Limits(file_bytes=MIB))
    assert outcome.failure["message"] == "[Errno 27] File too large"


DAEMON = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("daemon", flush=True)
        time.sleep(60)
    os._exit(0)
os.wait()
"""


def test_a_daemon_ends_with_the_script_that_left_it(box, engine):
    assert box.run(DAEMON).ending.code == 0
    assert names_of(engine) == []


def test_killing_a_run_ends_all_of_it_within_a_second_and_leaves_no_container(box, engine):
    run = box.begin()
    run.send(box.start_frame(DAEMON + "time.sleep(60)"))
    assert os.read(run.stdout, 7) == b"daemon\n"
    before = time.monotonic()
    run.process.kill()
    assert run.process.wait(10).reason == "killed"
    taken = time.monotonic() - before
    assert names_of(engine) == []
    assert taken < 1 or os.getloadavg()[0] > (os.cpu_count() or 1), "a second, on a machine that has time"


def test_killing_a_run_while_its_container_is_being_made_leaves_none(box, engine):
    runs = [box.begin() for _ in range(3)]
    for run in runs:
        run.process.kill()
    assert {run.process.wait(30).reason for run in runs} == {"killed"}
    assert names_of(engine) == []


BROKER = """
import os, socket, sys, time
from pathlib import Path
from codegen.sandbox.backend import Mounts, Spec, View
from codegen.sandbox.containers.containers import Containers
from codegen.sandbox.view import system_mounts
ours, theirs = socket.socketpair()
backend = Containers(sys.argv[1], gvisor=sys.argv[2] == "True")
backend.probe()
wall = backend.prepare(View(Path(sys.executable), Mounts(system_mounts())))
run = wall.start(Spec(Path("/"), theirs.fileno(), 1, 2))
frame = b'{"start": {"source": "import time; print(1); time.sleep(60)", "file": "/x", "argv": [], "path": [],'
frame += b' "arguments": null, "call_main": false}}'
ours.sendall(len(frame).to_bytes(4, "big") + frame)
time.sleep(60)
"""


def start_broker(engine: Containers) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", BROKER, engine.name, str(engine.runtime == "runsc")]
    broker = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
    assert broker.stdout is not None
    assert broker.stdout.readline() == b"1\n"
    return broker


def until_gone(engine: Containers) -> list[str]:
    end = time.monotonic() + 10
    while (names := names_of(engine)) and time.monotonic() < end:
        pass
    return names


def test_a_killed_broker_leaves_no_container(engine):
    with start_broker(engine) as broker:
        broker.kill()
        assert broker.stdout.read() == b""  # returns only when the last holder is dead
        assert until_gone(engine) == []


def children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    below = [int(line) for line in found.stdout.split()]
    return [*below, *(inner for child in below for inner in children(child))]


def test_a_container_ends_by_itself_when_all_that_started_it_is_killed_at_once(engine):
    with start_broker(engine) as broker:
        for pid in (broker.pid, *children(broker.pid)):
            os.kill(pid, 9)
        assert until_gone(engine) == []


LIBRARIES = """
import asyncio, concurrent.futures, multiprocessing, shutil, sqlite3, subprocess, sys, tempfile, threading

def double(x):
    return 2 * x

async def child():
    process = await asyncio.create_subprocess_exec("/bin/echo", "hi", stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0].decode()

def main():
    found = []
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found.append(pool.map(double, [1, 2]))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found.append(list(pool.map(double, [3])))
    found.append(subprocess.run([sys.executable, "-c", "print(4)"], capture_output=True, text=True).stdout)
    found.append(asyncio.run(child()))
    with sqlite3.connect("data/rows.db") as database:
        database.execute("create table rows(x)")
        found.append(database.execute("insert into rows values(5) returning x").fetchone()[0])
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x")
        file.flush()
        shutil.copy2(file.name, "data/copy")
    return found
"""


def test_everyday_libraries_work(box):
    assert box.run(LIBRARIES).result == [[2, 4], [6], "4\n", "hi\n", 5]


def test_a_generated_module_can_be_imported(box):
    assert box.run("from servers.demo.echo import echo\ndef main():\n    return echo(1)").result == 1
