"""Which system calls a script may make, as a classic BPF program. Pure: a machine in, bytes out.

https://docs.kernel.org/userspace-api/seccomp_filter.html. What has no use for a script and a history of kernel holes,
or reaches beyond the files and processes of the run, is refused. How it is refused keeps programs working: ENOSYS makes
libc fall back to an older call whose arguments can be read here.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from codegen.sandbox.linux.syscalls import Machine

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_REFUSE, _UNKNOWN = _ERRNO | errno.EPERM, _ERRNO | errno.ENOSYS
_PRETEND, _UNSUPPORTED = _ERRNO, _ERRNO | errno.ENOTSUP
_NUMBER, _ARCHITECTURE = 0, 4
_FIRST_UNKNOWN = 470  # calls that this list was never held against
_X32_BIT = 0x40000000

# sendmsg hides whom it sends to, and can leave an open file in a socket's queue, where no limit finds it.
_REFUSED = tuple(
    """
    ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd pidfd_send_signal process_madvise process_mrelease
    mount umount2 pivot_root chroot open_tree open_tree_attr move_mount fsopen fsconfig fsmount fspick mount_setattr
    statmount listmount unshare setns bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register
    io_setup io_submit add_key request_key keyctl open_by_handle_at name_to_handle_at kexec_load kexec_file_load
    init_module finit_module delete_module syslog clock_settime settimeofday clock_adjtime adjtimex sethostname
    setdomainname swapon swapoff reboot acct iopl ioperm quotactl quotactl_fd nfsservctl lookup_dcookie fanotify_init
    fanotify_mark personality shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl
    mq_open mq_unlink modify_ldt uselib ustat vhangup _sysctl move_pages mbind set_mempolicy get_mempolicy
    migrate_pages set_mempolicy_home_node remap_file_pages seccomp landlock_create_ruleset landlock_add_rule
    landlock_restrict_self lsm_set_self_attr memfd_secret mknod mknodat
    socket connect bind listen accept accept4 sendmsg sendmmsg""".split()  # noqa: SIM905  # a hundred quoted names read worse
)

_ABSENT = ("clone3", "openat2", "memfd_create")
"""The first two hide their arguments in memory; memory of the third escapes every limit."""

_DATAGRAMS = 2
"""The bit that SOCK_DGRAM and SOCK_RAW have and the connected kinds don't: such half of a pair sends to any address."""

_NEW_NAMESPACE = 0x7E020080
_SET_ID_BITS = 0o6000
_MODE_ARGUMENT = {"open": 2, "creat": 1, "openat": 3, "chmod": 1, "fchmod": 1, "fchmodat": 2, "fchmodat2": 2} | {
    "mkdir": 1,
    "mkdirat": 2,
}
_NAMES_A_PROCESS = {"prlimit64": 0, "sched_setparam": 0, "sched_setscheduler": 0, "sched_setaffinity": 0} | {
    "sched_setattr": 0,
    "setpriority": 1,
    "ioprio_set": 1,
}
_SIGNALS = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")
_FIRST_PROCESS, _EVERYBODY = 1, 0xFFFFFFFF
SELF = 0x7EEDC0DE
"""Stands in the program for the pid of the script's process, which `for_process` puts in."""

_METADATA = tuple(
    """chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat utimensat file_setattr
    setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat""".split()  # noqa: SIM905
)
"""What Landlock doesn't hold. Said to be done, and not done: tar, shutil and pip live on."""

_ATTRIBUTES = ("getxattr", "lgetxattr", "listxattr", "llistxattr", "getxattrat", "listxattrat")
_REACH_OTHERS = tuple(
    """tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open inotify_init inotify_init1 inotify_add_watch truncate
    setpriority ioprio_set""".split()  # noqa: SIM905
)
_OWNERS = {"fcntl": (8, 10, 15), "ioctl": (0x8901, 0x8902)}  # F_SETOWN, F_SETSIG, F_SETOWN_EX; FIOSETOWN, SIOCSPGRP
_PUSH_INPUT, _LINUX_CONSOLE = 0x5412, 0x541C  # TIOCSTI, TIOCLINUX
_AF_UNIX, _RLIMIT_CORE, _SECCOMP_OPTION = 1, 4, 22


@dataclass(frozen=True, slots=True)
class _Test:
    """A comparison of one argument's low (or high) 32 bits."""

    argument: int
    operation: int
    value: int
    holds: bool = True
    high: bool = False

    @property
    def offset(self) -> int:
        return 16 + 8 * self.argument + (4 if self.high else 0)  # both machines are little-endian


def program(
    machine: Machine, *, alone: bool = True, signals_are_scoped: bool = True, spares_first: bool = False
) -> bytes:
    """The filter for one machine, as the kernel takes it: eight bytes an instruction.

    `alone`: the script sees no process but its own, and no file that it may not change. Where that isn't so the filter
    also refuses what would reach other processes and other files' metadata (measured in WALL.md, tier B), signals too
    unless Landlock keeps them within; it is then for one process: see `for_process`. `spares_first`: no signal is for
    process 1, which not every kernel shields from those of its own namespace (gVisor lets it be stopped).
    """
    instructions = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _KILL),  # another instruction set's numbers mean other calls
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine.has_x32:
        instructions += [(_AT_LEAST, 0, 1, _X32_BIT), (_RETURN, 0, 0, _KILL)]
    instructions += [(_AT_LEAST, 0, 1, _FIRST_UNKNOWN), (_RETURN, 0, 0, _UNKNOWN)]
    rules = (*_rules(), *(() if alone else _rules_in_company(signals_are_scoped=signals_are_scoped)))
    for name, action, tests in (*rules, *(_rules_of_first() if spares_first else ())):
        number = machine.number(name)
        if number is not None:
            instructions += _when(number, action, tests)
    instructions.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)


def _rules() -> Iterator[tuple[str, int, tuple[_Test, ...]]]:
    for name in _ABSENT:
        yield name, _UNKNOWN, ()
    yield "clone", _REFUSE, (_Test(0, _ANY_BIT, _NEW_NAMESPACE),)
    for request in (_PUSH_INPUT, _LINUX_CONSOLE):
        yield "ioctl", _REFUSE, (_Test(1, _EQUAL, request),)
    yield "socketpair", _REFUSE, (_Test(0, _EQUAL, _AF_UNIX, holds=False),)
    yield "socketpair", _REFUSE, (_Test(1, _ANY_BIT, _DATAGRAMS),)
    yield "prctl", _REFUSE, (_Test(0, _EQUAL, _SECCOMP_OPTION),)
    for name, position in _MODE_ARGUMENT.items():
        yield name, _REFUSE, (_Test(position, _ANY_BIT, _SET_ID_BITS),)
    for name, position in _NAMES_A_PROCESS.items():
        yield name, _REFUSE, (_Test(position, _EQUAL, _FIRST_PROCESS),)
    yield from _core_limit_rules()
    for name in _REFUSED:
        yield name, _REFUSE, ()


def _rules_in_company(*, signals_are_scoped: bool) -> Iterator[tuple[str, int, tuple[_Test, ...]]]:
    for name in _METADATA:
        yield name, _PRETEND, ()
    for name in _ATTRIBUTES:
        yield name, _UNSUPPORTED, ()
    for name in _REACH_OTHERS:
        yield name, _REFUSE, ()
    for name, requests in _OWNERS.items():
        for request in requests:
            yield name, _REFUSE, (_Test(1, _EQUAL, request),)
    for name, position in _NAMES_A_PROCESS.items():
        yield name, _REFUSE, _names_another(position)
    if not signals_are_scoped:
        for name in ("kill", "tgkill"):
            yield name, _REFUSE, _names_another(0)


def _rules_of_first() -> Iterator[tuple[str, int, tuple[_Test, ...]]]:
    for name in _SIGNALS:
        for first_or_all in (_FIRST_PROCESS, _EVERYBODY):
            yield name, _REFUSE, (_Test(0, _EQUAL, first_or_all),)


def _names_another(position: int) -> tuple[_Test, ...]:
    return tuple(_Test(position, _EQUAL, known, holds=False) for known in (0, SELF))


def for_process(program: bytes, pid: int) -> bytes:
    """The filter as the process of this pid installs it for itself and its children."""
    return program.replace(struct.pack("=I", SELF), struct.pack("=I", pid))


def _core_limit_rules() -> Iterator[tuple[str, int, tuple[_Test, ...]]]:
    """The core limit of 1 must stay: at 0 the kernel would start the host's core handler as root."""
    yield "setrlimit", _REFUSE, (_Test(0, _EQUAL, _RLIMIT_CORE),)
    for high in (False, True):
        set_a_new_one = _Test(2, _EQUAL, 0, holds=False, high=high)
        yield "prlimit64", _REFUSE, (_Test(1, _EQUAL, _RLIMIT_CORE), set_a_new_one)


def _when(number: int, action: int, tests: tuple[_Test, ...]) -> list[tuple[int, int, int, int]]:
    """`if call == number and all tests hold: return action`; the call's number is loaded before and after."""
    if not tests:
        return [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, action)]
    body: list[tuple[int, int, int, int]] = []
    size = 2 * len(tests) + 1
    for test in tests:
        body.append((_LOAD, 0, 0, test.offset))
        failed = size - len(body) - 1
        body.append((test.operation, *((0, failed) if test.holds else (failed, 0)), test.value))
    body += [(_RETURN, 0, 0, action), (_LOAD, 0, 0, _NUMBER)]
    return [(_EQUAL, 0, len(body), number), *body]
