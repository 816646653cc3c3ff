"""After the next run: what one leaves in the fork server, and whether another finds it.

`leave` is called in one run, `find` in the next behind the same wall, or in the same run where the attack itself is
to be proven. `find` gives the marks that it saw.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import gc
import json
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable

from attacks.told import Decoys, call

MARK = "poison"


def leave(decoys: Decoys) -> None:
    for one in (_in_modules, _in_the_process, _in_files, _in_threads_and_timers, _in_descriptors, _in_the_fork_server):
        one(decoys)
    for one in (_in_shared_memory, _in_a_keyring, _in_an_abstract_name):
        with contextlib.suppress(OSError):
            one(decoys)


def find(decoys: Decoys) -> list[str]:
    return [name for name, sees in _MARKS.items() if _seen(sees, decoys)]


def _seen(sees: Callable[[Decoys], object], decoys: Decoys) -> bool:
    try:
        return bool(sees(decoys))
    except OSError:
        return False


def _in_modules(_decoys: Decoys) -> None:
    sys.modules[MARK] = sys
    json.loads = lambda *_: MARK  # type: ignore[assignment]
    builtins.open_poison = MARK  # type: ignore[attr-defined]
    sys.path.insert(0, "/" + MARK)
    sys.meta_path.append(MARK)  # type: ignore[arg-type]
    os._exit.__self__.__dict__[MARK] = 1  # type: ignore[attr-defined]
    gc.disable()
    sys.setrecursionlimit(777)


def _in_the_process(_decoys: Decoys) -> None:
    os.environ[MARK] = "1"
    os.chdir("data")
    os.umask(0o077)
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    os.nice(3)
    resource.setrlimit(resource.RLIMIT_NOFILE, (99, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    ctypes.CDLL(None).prctl(15, b"poison", 0, 0, 0)


def _in_files(decoys: Decoys) -> None:
    for folder in ("/tmp", os.environ.get("TMPDIR", "/tmp"), "/dev/shm", os.path.expanduser("~")):
        with contextlib.suppress(OSError), open(os.path.join(folder, decoys["mark"]), "w") as file:
            file.write(MARK)


def _in_threads_and_timers(_decoys: Decoys) -> None:
    threading.Thread(target=threading.Event().wait, daemon=True, name=MARK).start()
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 3600)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(20)
        os._exit(0)


def _in_descriptors(_decoys: Decoys) -> None:
    os.dup2(os.open("/dev/null", os.O_RDONLY), 77, inheritable=True)


def _in_the_fork_server(_decoys: Decoys) -> None:
    """Its control socket, should a run have a descriptor of it: a request to fork a run of the script's own."""
    for number in range(4, 64):
        with contextlib.suppress(OSError):
            os.write(number, b'{"cwd": "/", "environment": {"poison": "1"}, "limits": {}}')


def _in_shared_memory(decoys: Decoys) -> None:
    call(decoys, "shmget", decoys["poison_key"], 64, 0o1600)


def _in_a_keyring(decoys: Decoys) -> None:
    call(decoys, "add_key", b"user", decoys["mark"].encode(), b"x", 1, -4)  # the user's own


def _in_an_abstract_name(decoys: Decoys) -> None:
    one = socket.socket(socket.AF_UNIX)
    one.bind("\0" + decoys["mark"])
    one.listen()
    os.set_inheritable(one.detach(), True)


_MARKS: dict[str, Callable[[Decoys], object]] = {
    "a module": lambda _: MARK in sys.modules,
    "a function of a module": lambda _: json.loads("1") == MARK,
    "a builtin": lambda _: hasattr(builtins, "open_poison"),
    "a place to import from": lambda _: "/" + MARK in sys.path or MARK in sys.meta_path,
    "a name in the interpreter": lambda _: MARK in os._exit.__self__.__dict__,  # type: ignore[attr-defined]
    "the collector": lambda _: not gc.isenabled(),
    "the depth of calls": lambda _: sys.getrecursionlimit() == 777,
    "the environment": lambda _: MARK in os.environ,
    "the current folder": lambda _: os.path.basename(os.getcwd()) == "data",
    "the mask for new files": lambda _: _umask() == 0o077,
    "a signal's handler": lambda _: signal.getsignal(signal.SIGUSR2) == signal.SIG_IGN,
    "a blocked signal": lambda _: signal.SIGUSR1 in signal.pthread_sigmask(signal.SIG_BLOCK, ()),
    "the priority": lambda _: os.getpriority(os.PRIO_PROCESS, 0) >= 3,
    "a limit": lambda _: resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 99,
    "the process's name": lambda _: _name() == MARK,
    "a file for a while": lambda decoys: any(map(os.path.exists, _places(decoys))),
    "a thread": lambda _: any(one.name == MARK for one in threading.enumerate()),
    "a timer": lambda _: signal.getitimer(signal.ITIMER_REAL)[0] > 0,
    "a descriptor": lambda _: os.fstat(77),
    "shared memory": lambda decoys: 1 + call(decoys, "shmget", decoys["poison_key"], 64, 0),
    "a key": lambda decoys: call(decoys, "keyctl", 10, -4, b"user", decoys["mark"].encode(), 0),
    "an abstract name": lambda decoys: _answers("\0" + decoys["mark"]),
}
LACKED_ON_SOME_MACHINES = {"a key"}
NAMES = tuple(_MARKS)


def _places(decoys: Decoys) -> list[str]:
    folders = ("/tmp", os.environ.get("TMPDIR", "/tmp"), "/dev/shm", os.path.expanduser("~"))
    return [os.path.join(folder, decoys["mark"]) for folder in folders]


def _umask() -> int:
    now = os.umask(0o022)
    os.umask(now)
    return now


def _name() -> str:
    name = ctypes.create_string_buffer(16)
    ctypes.CDLL(None).prctl(16, name, 0, 0, 0)
    return name.value.decode()


def _answers(address: str) -> bool:
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect_ex(address) == 0
