"""What is attacked: a workspace with secrets in and beside it, a process, sockets. All made here, and gone again."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codegen.sandbox.linux.syscalls import MACHINES

ATTACKS = Path(__file__).resolve().parents[1] / "attacks"
SECRET_VARIABLE = "CODEGEN_DECOY"
_VICTIM = """
import ctypes, os, signal, sys, time
signal.signal(signal.SIGUSR1, lambda *_: os.write(1, b"signal\\n"))
secret = os.environ["CODEGEN_DECOY"].encode()
held = ctypes.create_string_buffer(secret, 256)
open_file = open(sys.argv[1])
print(ctypes.addressof(held), flush=True)
while True:
    time.sleep(60)
"""
_CALLS = tuple(
    """accept4 acct add_key adjtimex bpf clone clone3 fanotify_init fsopen init_module inotify_add_watch
    inotify_init1 io_setup io_uring_setup ioperm ioprio_set kcmp kexec_load keyctl memfd_create memfd_secret
    modify_ldt mount mount_setattr move_mount move_pages mq_open msgget name_to_handle_at open_by_handle_at
    open_tree openat2 perf_event_open personality pidfd_getfd pidfd_open pivot_root process_vm_readv ptrace
    reboot request_key rt_sigqueueinfo seccomp semget sethostname setns settimeofday clock_settime shmget swapon
    syslog tgkill tkill umount2 unshare userfaultfd chroot""".split()  # noqa: SIM905  # sixty quoted names read worse
)


@dataclass
class Decoys:
    """The place, and what was there before anybody attacked it."""

    root: Path
    secret: str
    told: dict[str, Any]
    victim: subprocess.Popen[bytes]
    sockets: list[socket.socket] = field(default_factory=list)

    @property
    def workspace(self) -> Path:
        return self.root / "my wörk"

    def damage(self) -> dict[str, str]:
        """What of the world outside isn't as it was, by what it is; to be asked once, at the end."""
        found = {"files outside": _difference(self.told["before"], snapshot(self.root, self.workspace / "data"))}
        arrived = [one for one in self.sockets if one.type == socket.SOCK_DGRAM and _has_data(one)]
        found["datagrams"] = f"{len(arrived)} arrived" if arrived else ""
        found["the victim"] = self._harm()
        found["traps in data/"] = ", ".join(sorted(_traps(self.workspace / "data")))
        return {name: text for name, text in found.items() if text}

    def _harm(self) -> str:
        pid = self.victim.pid
        if self.victim.poll() is not None:
            return f"ended with {self.victim.returncode}"
        was = self.told["victim_before"]
        signals = b"" if self.victim.stdout is None else _available(self.victim.stdout.fileno())
        changed = [name for name, value in state_of(pid).items() if value != was[name]]
        return ", ".join([*changed, *(["signals"] if signals else [])])


def _available(descriptor: int) -> bytes:
    os.set_blocking(descriptor, False)
    try:
        return os.read(descriptor, 4096)
    except BlockingIOError:
        return b""


def _has_data(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        return bool(one.recv(16))
    except BlockingIOError:
        return False


def state_of(pid: int) -> dict[str, str]:
    """Of a process: what others of its user could change."""
    import resource

    return {
        "priority": str(os.getpriority(os.PRIO_PROCESS, pid)),
        "processors": str(os.sched_getaffinity(pid)),
        "limits": str(resource.prlimit(pid, resource.RLIMIT_NOFILE)),
        "tracer": next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "TracerPid" in line),
    }


def snapshot(root: Path, without: Path) -> dict[str, tuple[int, int, int]]:
    """Mode, size and time of change of everything below a folder but one."""
    found = {}
    for folder, folders, files in os.walk(root):
        if Path(folder) == without:
            folders.clear()
            continue
        for name in files:
            status = os.lstat(os.path.join(folder, name))
            found[os.path.relpath(os.path.join(folder, name), root)] = (
                status.st_mode,
                status.st_size,
                status.st_mtime_ns,
            )
    return found


def _difference(before: dict[str, tuple[int, int, int]], after: dict[str, tuple[int, int, int]]) -> str:
    return ", ".join(sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)))


def _traps(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        mode = path.lstat().st_mode
        if not (path.is_file() or path.is_dir() or path.is_symlink()):
            yield f"{path.name} is special"
        elif mode & 0o6000 and not path.is_symlink():
            yield f"{path.name} has set-id bits"


@contextlib.contextmanager
def made() -> Iterator[Decoys]:
    """Everything ready to be attacked. Below /tmp, where sandboxes have it hardest to tell what to show."""
    secret = f"DECOY-{secrets.token_hex(8)}"
    root = Path(tempfile.mkdtemp(prefix="codegen-siege-"))
    told: dict[str, Any] = {"secret": secret, "mark": f"codegen-mark-{secrets.token_hex(4)}"}
    sockets: list[socket.socket] = []
    victim: subprocess.Popen[bytes] | None = None
    shared = _shared_memory(secret, told)
    try:
        _files(root, secret, told)
        _listen(root, sockets, told)
        victim = _start_victim(secret, told)
        told |= {"calls": {name: MACHINES[os.uname().machine].number(name) for name in _CALLS}}
        told["before"] = snapshot(root, root / "my wörk" / "data")
        yield Decoys(root, secret, told, victim, sockets)
    finally:
        if victim is not None:
            victim.kill()
            victim.wait()
        for one in sockets:
            one.close()
        ctypes.CDLL(None).shmctl(shared, 0, None)
        open_up(root)
        shutil.rmtree(root)
        for path in marked(told["mark"]):  # where there is no wall
            path.unlink(missing_ok=True)


def marked(mark: str) -> list[Path]:
    """What runs left in the folders that all share."""
    return [path for folder in ("/tmp", "/dev/shm") for path in Path(folder).glob(f"{mark}*")]


def _files(root: Path, secret: str, told: dict[str, Any]) -> None:
    workspace = root / "my wörk"
    for folder in ("servers/demo", "data", "scripts", "skills", ".codegen", ".git"):
        (workspace / folder).mkdir(parents=True)
    for folder in ("home/.ssh", "outside"):
        (root / folder).mkdir(parents=True)
    shutil.copytree(ATTACKS, workspace / "attacks", ignore=shutil.ignore_patterns("__pycache__"))
    (workspace / "servers/demo/__init__.py").write_text("")
    (workspace / "servers/demo/echo.py").write_text("def echo(x):\n    return x\n")
    for name in ("mcp.json", "codegen.toml", ".env", ".env.local", ".codegen/journal.sqlite", ".git/config"):
        (workspace / name).write_text(secret)
    places = {"secret_file": "home/.ssh/key", "spare_file": "outside/spare", "precious_file": "outside/precious"}
    places |= {"doomed_file": "outside/doomed", "link_outside": "outside/link", "outside": "outside", "home": "home"}
    places |= {"socket_path": "agent.sock", "datagram_path": "log.sock"}
    told |= {name: str(root / place) for name, place in places.items()}
    told["shared_file"] = f"/tmp/{told['mark']}-shared"
    for name in ("secret_file", "spare_file", "precious_file", "doomed_file", "shared_file"):
        Path(told[name]).write_text(secret)
    Path(told["link_outside"]).symlink_to("where it leads")


def _listen(root: Path, sockets: list[socket.socket], told: dict[str, Any]) -> None:
    def add(family: int, kind: int, address: Any) -> socket.socket:
        one = socket.socket(family, kind)
        sockets.append(one)
        one.bind(address)
        if kind == socket.SOCK_STREAM:
            one.listen(64)
        return one

    told["abstract_name"] = f"codegen-{root.name}"
    told["port"] = add(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)).getsockname()[1]
    told["datagram_port"] = add(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)).getsockname()[1]
    add(socket.AF_UNIX, socket.SOCK_STREAM, told["socket_path"])
    add(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + told["abstract_name"])
    add(socket.AF_UNIX, socket.SOCK_DGRAM, told["datagram_path"])
    add(socket.AF_UNIX, socket.SOCK_DGRAM, "\0" + told["abstract_name"] + "-datagrams")


def _start_victim(secret: str, told: dict[str, Any]) -> subprocess.Popen[bytes]:
    victim = subprocess.Popen(
        [sys.executable, "-I", "-c", _VICTIM, told["secret_file"], secret],
        env={SECRET_VARIABLE: secret},
        cwd=told["home"],
        stdout=subprocess.PIPE,
    )
    assert victim.stdout is not None
    told |= {"victim": victim.pid, "victim_address": int(os.read(victim.stdout.fileno(), 99))}
    told["victim_before"] = state_of(victim.pid)
    return victim


def _shared_memory(secret: str, told: dict[str, Any]) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    told["shared_key"], told["poison_key"] = (secrets.randbelow(1 << 30) + 1 for _ in range(2))
    segment = int(libc.shmget(told["shared_key"], 64, 0o1600))
    place = libc.shmat(segment, None, 0)
    ctypes.memmove(place, secret.encode(), len(secret))
    libc.shmdt(ctypes.c_void_p(place))
    return segment


def open_up(root: Path) -> None:
    """Folders that an attack made unreadable."""
    for folder, folders, _ in os.walk(root):
        for name in folders:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                os.chmod(path, 0o700)
