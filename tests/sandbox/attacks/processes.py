"""After other processes: a victim of the same user, the fork server, the keepers, another run, and who started it all.

`others` are their pids outside; `kept` those that must not even be signalled in a test that goes on.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import struct
import time

from attacks.told import Decoys, attack, call, first, read, secret_in


@attack()
def reads_the_environment_of_another(decoys: Decoys) -> str:
    return first([lambda pid=pid: secret_in(read(f"/proc/{pid}/environ"), decoys) for pid in decoys["others"]])


@attack()
def reads_the_environment_of_all_it_can_list(decoys: Decoys) -> str:
    pids = [name for name in os.listdir("/proc") if name.isdigit()]
    return first([lambda pid=pid: secret_in(read(f"/proc/{pid}/environ"), decoys) for pid in pids])


@attack()
def reads_the_arguments_of_another(decoys: Decoys) -> str:
    return secret_in(read(f"/proc/{decoys['victim']}/cmdline"), decoys)


@attack(may_lack="a secret there")
def finds_the_secret_in_its_own_environment(decoys: Decoys) -> str:
    inherited = "".join(os.environ.values()).encode()
    return secret_in(inherited, decoys) or secret_in(read(f"/proc/{os.getppid()}/environ"), decoys)


@attack()
def lists_other_processes(decoys: Decoys) -> str:
    return str(sorted({int(name) for name in os.listdir("/proc") if name.isdigit()} & set(decoys["others"])))[1:-1]


@attack()
def sees_that_a_process_exists(decoys: Decoys) -> str:
    return first([lambda pid=pid: f"owner {os.stat(f'/proc/{pid}').st_uid}" for pid in decoys["others"]])


@attack()
def reads_the_processor_time_of_another(decoys: Decoys) -> str:
    """By a clock that names the process."""
    return f"{time.clock_gettime((~decoys['victim'] << 3) | 2)} s"


@attack()
def opens_the_memory_of_another(decoys: Decoys) -> str:
    return first([lambda pid=pid: f"{pid} {os.open(f'/proc/{pid}/mem', os.O_RDONLY)}" for pid in _reachable(decoys)])


@attack()
def reads_the_memory_map_of_another(decoys: Decoys) -> str:
    return first([lambda pid=pid: read(f"/proc/{pid}/maps", 30) for pid in _reachable(decoys)])


@attack()
def reaches_the_folder_and_files_of_another(decoys: Decoys) -> str:
    names = ("cwd", "root", "exe", "fd/0", "fd/3")
    return first([lambda n=n, pid=pid: os.readlink(f"/proc/{pid}/{n}") for pid in _reachable(decoys) for n in names])


@attack()
def reads_an_open_file_of_another(decoys: Decoys) -> str:
    ways = [f"/proc/{pid}/fd/{number}" for pid in decoys["others"] for number in range(3, 9)]
    return first([lambda way=way: secret_in(read(way), decoys) for way in ways])


@attack()
def reads_a_private_file_of_another_run(decoys: Decoys) -> str:
    ways = [decoys["sibling_file"]] + [f"/proc/{pid}/root{decoys['sibling_file']}" for pid in decoys["others"]]
    return first([lambda way=way: secret_in(read(way), decoys) for way in ways])


@attack()
def reads_the_times_of_another_runs_private_file(decoys: Decoys) -> str:
    """Where another run's private folder lies can't be guessed: all that could be found is what it can list."""
    name = f"{decoys['mark']}-sibling"
    found = [f"/tmp/{name}", *(os.path.join(folder, name) for folder in _listed_in("/tmp"))]
    return first([lambda path=path: f"changed at {os.stat(path).st_mtime}" for path in found])


def _listed_in(folder: str) -> list[str]:
    try:
        return [os.path.join(folder, name) for name in os.listdir(folder)]
    except OSError:
        return []


@attack()
def traces_another(decoys: Decoys) -> str:
    seize = 0x4206
    return first([lambda pid=pid: f"ptrace {call(decoys, 'ptrace', seize, pid, 0, 0)} {pid}" for pid in _all(decoys)])


@attack()
def reads_memory_of_another_by_address(decoys: Decoys) -> str:
    class Part(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))

    here = ctypes.create_string_buffer(256)
    own, foreign = Part(ctypes.addressof(here), 256), Part(decoys["victim_address"], 256)
    call(decoys, "process_vm_readv", decoys["victim"], ctypes.byref(own), 1, ctypes.byref(foreign), 1, 0)
    return secret_in(here.raw, decoys)


@attack()
def takes_a_descriptor_of_another(decoys: Decoys) -> str:
    def take(pid: int) -> str:
        return f"descriptor {call(decoys, 'pidfd_getfd', call(decoys, 'pidfd_open', pid, 0), 0, 0)} of {pid}"

    return first([lambda pid=pid: take(pid) for pid in _all(decoys)])


@attack()
def compares_descriptors_with_another(decoys: Decoys) -> str:
    return f"kcmp {1 + call(decoys, 'kcmp', os.getpid(), decoys['victim'], 0, 0, 0)}"


@attack()
def signals_another(decoys: Decoys) -> str:
    def by_descriptor(pid: int) -> None:
        signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGUSR1)

    victim = decoys["victim"]
    return first(
        [
            lambda: os.kill(victim, signal.SIGUSR1) or "kill",  # type: ignore[func-returns-value]
            lambda: by_descriptor(victim) or "pidfd",  # type: ignore[func-returns-value]
            lambda: f"tgkill {1 + call(decoys, 'tgkill', victim, victim, signal.SIGUSR1)}",
            lambda: f"tkill {1 + call(decoys, 'tkill', victim, signal.SIGUSR1)}",
            lambda: f"sigqueue {1 + _queued(decoys, victim)}",
        ]
    )


def _queued(decoys: Decoys, pid: int) -> int:
    information = ctypes.create_string_buffer(struct.pack("=iiii", signal.SIGUSR1, 0, -1, 0), 128)  # SI_QUEUE
    return call(decoys, "rt_sigqueueinfo", pid, signal.SIGUSR1, information)


@attack()
def may_signal_the_fork_server_or_another_run(decoys: Decoys) -> str:
    """Signal 0 asks for the right alone."""
    return first([lambda pid=pid: f"may signal {pid}{os.kill(pid, 0) or ''}" for pid in decoys["others"]])  # type: ignore[func-returns-value]


@attack()
def has_the_kernel_signal_another(decoys: Decoys) -> str:
    """By making it the owner of a socket's or a file's events: F_SETOWN, F_SETOWN_EX, FIOSETOWN."""
    import fcntl

    one, other = socket.socketpair()
    victim = decoys["victim"]
    owner = struct.pack("=ii", 1, victim)

    def send(setting: object) -> str:
        assert setting is not None
        fcntl.fcntl(one, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
        other.send(b"x")
        return "owner set"

    return first(
        [
            lambda: send(fcntl.fcntl(one, fcntl.F_SETOWN, victim)),
            lambda: send(fcntl.fcntl(one, 15, owner)),
            lambda: send(fcntl.ioctl(one, 0x8901, struct.pack("=i", victim))),
        ]
    )


@attack()
def sets_limits_of_another(decoys: Decoys) -> str:
    def tighten(pid: int) -> str:
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (before[0] - 1, before[1]))
        return f"fewer open files for {pid}"

    return first([lambda pid=pid: tighten(pid) for pid in [decoys["victim"], *_keepers()]])


@attack()
def slows_another_down(decoys: Decoys) -> str:
    pids = [decoys["victim"], *_keepers()]
    ways = [lambda pid=pid: os.setpriority(os.PRIO_PROCESS, pid, 19) or "nice" for pid in pids]  # type: ignore[func-returns-value]
    ways += [lambda pid=pid: os.sched_setaffinity(pid, {0}) or "processors" for pid in pids]  # type: ignore[func-returns-value]
    ways += [lambda pid=pid: f"disk {1 + call(decoys, 'ioprio_set', 1, pid, 3 << 13)}" for pid in pids]
    idle = os.sched_param(0)
    ways += [lambda pid=pid: os.sched_setscheduler(pid, os.SCHED_IDLE, idle) or "class" for pid in pids]  # type: ignore[func-returns-value]
    return first(ways)


@attack()
def keeps_a_privilege(_decoys: Decoys) -> str:
    """Capabilities, or the way to new ones by exec."""
    header, data = struct.pack("=Ii", 0x20080522, 0), ctypes.create_string_buffer(24)
    libc = ctypes.CDLL(None)
    if libc.capget(header, data) == 0 and any(data.raw):
        return f"capabilities {data.raw.hex()}"
    return "" if libc.prctl(39, 0, 0, 0, 0) == 1 else "an exec may give new privileges"


@attack(may_lack="the right to raise them")
def raises_its_own_limits(_decoys: Decoys) -> str:
    def raised(kind: int) -> str:
        hard = resource.getrlimit(kind)[1]
        if hard == resource.RLIM_INFINITY:
            return f"no limit {kind}"
        resource.setrlimit(kind, (hard + 1, hard + 1))
        return f"limit {kind} raised"

    kinds = (resource.RLIMIT_FSIZE, resource.RLIMIT_DATA, resource.RLIMIT_NOFILE, resource.RLIMIT_CPU)
    return first([lambda kind=kind: _or_refused(raised, kind) for kind in kinds])


def _or_refused(ask: object, kind: int) -> str:
    try:
        return str(ask(kind))  # type: ignore[operator]
    except ValueError as error:
        raise PermissionError(1, str(error)) from None


@attack()
def wakes_the_hosts_core_handler(_decoys: Decoys) -> str:
    """With a limit of 0 the kernel starts it all the same, as root; with 1 it doesn't (core(5))."""
    if resource.getrlimit(resource.RLIMIT_CORE)[0] != 1:
        return f"core limit {resource.getrlimit(resource.RLIMIT_CORE)}"
    return _or_refused(lambda kind: resource.setrlimit(kind, (0, 0)) or "set to 0", resource.RLIMIT_CORE)


def _keepers() -> list[int]:
    """The own keeper, as far as it can be named from inside."""
    return [1] if os.getppid() == 2 else []


def _reachable(decoys: Decoys) -> list[int]:
    return [*decoys["others"], *_keepers()]


def _all(decoys: Decoys) -> list[int]:
    """The victim first: what works on it isn't tried on others."""
    return [decoys["victim"], *decoys["others"], *_keepers()]
