"""Attacks, run for real behind the wall."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from codegen.errors import SandboxUnavailableError
from codegen.sandbox.backend import Limits
from codegen.sandbox.bubblewrap import commands
from codegen.sandbox.choose import choose
from codegen.sandbox.linux.syscalls import MACHINES

MIB = 1 << 20


def test_files_that_are_not_mounted_are_not_there(wall, workspace):
    paths = [
        workspace / "mcp.json",
        workspace / ".env",
        workspace / ".codegen",
        workspace.parent / "secret.txt",
        Path("/etc/shadow"),
        Path("/home"),
        Path("/var"),
        Path("/sys"),
        Path("/run"),
    ]
    seen = f"[path for path in {[str(path) for path in paths]} if os.path.lexists(path)]"
    assert wall.value(seen) == []


def test_the_workspace_is_at_its_real_path_with_only_what_was_listed(wall, workspace):
    assert wall.value("[os.getcwd(), sorted(os.listdir())]") == [str(workspace), ["README.md", "data", "servers"]]


def test_a_link_does_not_reach_a_secret(wall, workspace):
    (workspace / "data" / "link").symlink_to(workspace.parent / "secret.txt")
    assert wall.refused("open('data/link')") == "FileNotFoundError"


def test_a_listed_link_shows_nothing_that_is_not_listed(wall, workspace):
    (workspace / "leak").symlink_to(workspace.parent / "secret.txt")
    expression = "[os.path.islink('leak'), os.path.exists('leak')]"
    assert wall.value(expression, more=(workspace / "leak",)) == [True, False]


@pytest.mark.parametrize(
    "statement",
    [
        "open('new', 'w')",
        "open('servers/demo/echo.py', 'a')",
        "os.mkdir('servers/demo/__pycache__')",
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
        "open('/dev/new', 'w')",
        "open('/proc/sys/kernel/core_pattern', 'w')",
        "open('/proc/self/oom_score_adj', 'w')",
        "os.mknod('data/device', 0o20600, os.makedev(1, 11))",
        "os.chmod('data', 0o4777)",
        "os.link('/usr/bin/env', 'data/env')",
    ],
)
def test_nothing_outside_the_writable_folder_can_be_changed(wall, workspace, statement):
    before = sorted((path, path.lstat().st_mode) for path in workspace.rglob("*"))
    assert wall.refused(statement) in {"OSError", "PermissionError"}
    assert sorted((path, path.lstat().st_mode) for path in workspace.rglob("*")) == before


def test_what_is_written_to_data_stays(wall, workspace):
    wall.run("open('data/kept', 'w').write('yes')")
    assert (workspace / "data" / "kept").read_text() == "yes"


def test_tmp_is_private_empty_and_small(wall, workspace):
    outcome = wall.run(
        "import os\n"
        "def main():\n"
        "    before = os.listdir('/tmp')\n"
        "    try:\n"
        "        open('/tmp/big', 'wb').write(bytes(9 << 20))\n"
        "    except OSError as error:\n"
        "        return before, error.strerror\n",
        limits=Limits(scratch_bytes=8 * MIB),
    )
    shown = [
        path
        for path in (workspace, Path(sys.prefix), Path(__file__).resolve().parents[2])
        if path.is_relative_to("/tmp")
    ]
    tops = {path.relative_to("/tmp").parts[0] for path in shown}
    before, reason = outcome.result
    assert set(before) <= tops, "what is listed, and nothing else that lies there"
    assert reason == "No space left on device"
    assert not Path("/tmp/big").exists()


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG"])
def test_no_socket_of_any_family_can_be_made(wall, family):
    assert wall.refused(f"socket.socket(socket.{family}, socket.SOCK_RAW)") == "PermissionError"


def test_a_listening_port_of_the_host_is_out_of_reach(wall):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        assert wall.refused(f"socket.create_connection({address!r}, 2)") == "PermissionError"


def test_no_other_process_is_visible(wall):
    assert wall.value("sorted(int(name) for name in os.listdir('/proc') if name.isdigit())") == [1, 2]
    assert wall.refused(f"os.kill({os.getpid()}, 0)") == "ProcessLookupError"


def test_the_warden_is_out_of_reach(wall):
    for statement in ("open('/proc/1/mem', 'rb')", "os.readlink('/proc/1/cwd')", "open('/proc/1/environ').read(1)"):
        assert wall.refused(statement) == "PermissionError", statement
    assert wall.refused("resource.prlimit(1, resource.RLIMIT_NOFILE, (0, 0))", "os, resource") == "PermissionError"
    assert wall.value("[os.kill(1, 9), os.kill(1, 19)]") == [None, None]  # process 1 ignores both


def test_the_environment_is_exactly_what_was_given(wall, monkeypatch):
    monkeypatch.setenv("TOKEN", "SECRET")
    expected = {"HOME": "/tmp", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    assert wall.value("dict(os.environ)") == expected
    assert "SECRET" not in wall.value("open('/proc/self/environ').read()")


def test_only_the_standard_streams_and_the_channel_are_open(wall, workspace):
    with (workspace.parent / "secret.txt").open() as leak:
        os.set_inheritable(leak.fileno(), True)
        listed = wall.value("sorted(map(int, os.listdir('/proc/self/fd')))")
    assert listed == [0, 1, 2, 3, 4]  # 4 is the listing itself
    assert wall.value("os.read(0, 1).decode()") == ""


def test_no_privilege_is_left(wall):
    status = dict(line.split(":\t") for line in wall.value("open('/proc/self/status').read()").splitlines())
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[kind], 16) == 0
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert status["Uid"].split() == ["1000"] * 4


REFUSED_CALLS = (
    "unshare mount umount2 pivot_root setns chroot open_tree fsopen bpf io_uring_setup perf_event_open userfaultfd "
    "keyctl add_key ptrace process_vm_readv pidfd_getfd open_by_handle_at kexec_load init_module syslog clock_settime "
    "sethostname personality shmget msgget semget mq_open memfd_create clone3 openat2 seccomp landlock_create_ruleset"
)


def test_system_calls_with_no_use_for_a_script_are_refused(wall):
    machine = MACHINES[os.uname().machine]
    numbers = {name: machine.number(name) for name in REFUSED_CALLS.split()}
    outcome = wall.run(
        "import ctypes, errno\n"
        "def main(**numbers):\n"
        "    libc = ctypes.CDLL(None, use_errno=True)\n"
        "    answers = {}\n"
        "    for name, number in numbers.items():\n"
        "        ctypes.set_errno(0)\n"
        "        libc.syscall(number, 0, 0, 0, 0, 0, 0)\n"
        "        answers[name] = errno.errorcode.get(ctypes.get_errno())\n"
        "    return answers\n",
        arguments=numbers,
    )
    assert {name: answer for name, answer in outcome.result.items() if answer not in {"EPERM", "ENOSYS"}} == {}


def test_the_core_limit_cannot_be_changed_to_wake_the_hosts_core_handler(wall):
    setting = "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))"
    source = f"import resource\ndef main():\n    try:\n        {setting}\n    except (OSError, ValueError):\n"
    outcome = wall.run(source + "        return resource.getrlimit(resource.RLIMIT_CORE)\n")
    assert outcome.result == [1, 1]


def test_a_fork_bomb_is_stopped(wall):
    outcome = wall.run(
        "import os, time\n"
        "while True:\n"
        "    try:\n"
        "        if os.fork() == 0:\n"
        "            time.sleep(60)\n"
        "    except BlockingIOError:\n"
        "        raise SystemExit(7)\n",
        limits=Limits(processes=20),
    )
    assert outcome.ending.code == 7 or outcome.ending.limit == "processes"


def test_memory_of_one_process_ends_in_memory_error(wall):
    outcome = wall.run("bytearray(512 << 20)", limits=Limits(memory_bytes=256 * MIB))
    assert outcome.failure["type"] == "MemoryError"


def test_memory_of_all_processes_together_is_limited(wall):
    outcome = wall.run(
        "import os, time\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0:\n"
        "        held = b'x' * (100 << 20)\n"
        "        time.sleep(60)\n"
        "time.sleep(60)\n",
        limits=Limits(memory_bytes=256 * MIB),
    )
    assert outcome.ending.limit == "memory"


def test_files_in_the_private_tmp_are_limited_in_number_too(wall):
    """Each takes the kernel's memory, which no other limit counts."""
    source = "import os\nfor number in range(150_000):\n    os.close(os.open(f'/tmp/{number}', os.O_CREAT))\n"
    ending = wall.run(source).ending
    assert ending.code == 1 or ending.limit == "disk"


def test_processor_time_is_limited(wall):
    assert wall.run("while True: pass", limits=Limits(cpu_s=1)).ending.limit == "cpu"


def test_a_file_cannot_grow_beyond_its_limit(wall):
    limits = Limits(file_bytes=MIB)
    outcome = wall.run("open('data/big', 'wb').write(bytes(2 << 20))", limits=limits)
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


def test_a_daemon_ends_with_the_script_that_left_it(wall):
    assert wall.run(DAEMON).ending.code == 0  # `run` fails where anybody still holds stdout


def test_killing_a_run_ends_all_its_processes(wall):
    run = wall.begin()
    run.send(wall.start_frame(DAEMON + "time.sleep(60)"))
    assert os.read(run.stdout, 7) == b"daemon\n"
    run.process.kill()
    assert run.process.wait(10).reason == "killed"
    os.set_blocking(run.stdout, False)
    assert os.read(run.stdout, 1) == b""


BROKER = """
import os, socket, sys, time
from pathlib import Path
from codegen.sandbox.backend import Mounts, Spec, View
from codegen.sandbox.choose import choose
from codegen.sandbox.view import system_mounts
ours, theirs = socket.socketpair()
mounts = Mounts(system_mounts())
wall = choose(sys.argv[1]).backend.prepare(View(Path(sys.executable), mounts))
run = wall.start(Spec(Path("/"), theirs.fileno(), 1, 2))
frame = b'{"start": {"source": "import time; print(1); time.sleep(60)", "file": "/x", "argv": [], "path": [],'
frame += b' "arguments": null, "call_main": false}}'
ours.sendall(len(frame).to_bytes(4, "big") + frame)
time.sleep(60)
"""


def bwrap_path() -> str:
    """Where another interpreter finds the same ones."""
    return os.pathsep.join(str(Path(one).parent) for one in commands())


@pytest.mark.parametrize("name", ["native", "bubblewrap", "none"])
def test_a_run_ends_when_its_broker_is_killed(name):
    try:
        choose(name)
    except SandboxUnavailableError as error:
        pytest.skip(error.what)
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", BROKER, name]
    environment = {"PYTHONPATH": str(root), "PATH": bwrap_path()}
    broker = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root, env=environment)
    assert broker.stdout is not None
    assert broker.stdout.readline() == b"1\n"
    broker.kill()
    assert broker.stdout.read() == b""  # returns only when the last holder is dead
    broker.wait()
    broker.stdout.close()


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


def test_everyday_libraries_work(wall):
    assert wall.run(LIBRARIES).result == [[2, 4], [6], "4\n", "hi\n", 5]


def test_a_generated_module_can_be_imported(wall):
    assert wall.run("from servers.demo.echo import echo\ndef main():\n    return echo(1)").result == 1


def test_an_interpreter_that_was_started_ahead_runs_the_script_it_is_given_later(wall):
    run = wall.begin()
    assert run.process.result is None
    run.send(wall.start_frame("print('late')"))
    assert run.process.wait(10).code == 0
    assert os.read(run.stdout, 10) == b"late\n"


def test_a_wall_that_cannot_be_built_runs_nothing_and_says_why(wall, workspace):
    (workspace / "data").rmdir()
    (workspace / "data").symlink_to("/etc")
    outcome = wall.run("print('ran')")
    assert outcome.ending.reason == "sandbox"
    assert outcome.stdout == ""
    assert "a writable path must be a real folder" in outcome.ending.text


PROBE = "import sys; from codegen.sandbox.choose import choose; print(choose(sys.argv[1]))"


def test_an_ordinary_user_gets_the_same_wall(confining_backend):
    """The session's interpreter may lie in root's home, so the system's is used."""
    if os.getuid() != 0:
        pytest.skip("not root: every other test here runs as an ordinary user")
    python = "/usr/bin/python3"
    newer = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    if (
        not Path("/usr/bin/setpriv").exists()
        or not Path(python).exists()
        or subprocess.run(newer, check=False).returncode
    ):
        pytest.skip("needs setpriv and a system Python of at least 3.11")
    ordinary = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python, "-B", "-c", PROBE]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [*ordinary, confining_backend.name],
        cwd=root,
        env={"PYTHONPATH": str(root), "PATH": bwrap_path()},
        capture_output=True,
        text=True,
        check=False,
    )
    if "No module named 'codegen'" in done.stderr:
        pytest.skip("an ordinary user can't read this checkout")
    assert "found=Availability(works=True, why='', mend='', weaker=(), needs_consent=False)" in done.stdout, done.stderr
