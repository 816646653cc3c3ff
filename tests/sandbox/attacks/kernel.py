"""After the kernel: calls that have no use for a script and a history of holes, or that change the machine.

Where a call would change something even when it is a decoy's, it gets arguments that fail after every permission.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform

from attacks.told import Attack, Decoys, attack, call, reaches

_NEW_USER, _NEW_MOUNTS, _CHILD_ENDED = 0x10000000, 0x20000, 17


def _call(name: str, *arguments: object, beyond: tuple[int, ...] = (), rights: str = "", may_lack: str = "") -> Attack:
    """One call that must not even be reached."""
    return Attack(lambda decoys: reaches(decoys, name, *arguments, beyond=beyond), rights=rights, may_lack=may_lack)


def _buffer(size: int = 256, start: bytes = b"") -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(start, size)


makes_a_user_namespace = _call("unshare", _NEW_USER)
makes_a_mount_namespace = _call("unshare", _NEW_MOUNTS, rights="root")
enters_a_namespace = _call("setns", -1, 0, beyond=(errno.EBADF,))
unmounts = _call("umount2", b"/no such place", 2, beyond=(errno.ENOENT,), rights="root")
changes_the_root_mount = _call("pivot_root", b"/no such place", b"/", beyond=(errno.ENOENT,), rights="root")
copies_a_mount = _call("open_tree", -100, b"/", 1, rights="root")
opens_a_file_system = _call("fsopen", b"tmpfs", 0, rights="root")
moves_a_mount = _call("move_mount", -1, b"", -1, b"", 0, beyond=(errno.EBADF, errno.ENOENT), rights="root")
changes_a_mount = _call("mount_setattr", -1, b"", 0x1000, _buffer(32), 32, beyond=(0, errno.EBADF), rights="root")
loads_a_bpf_program = _call("bpf", 0, None, 0, beyond=(errno.EINVAL, errno.EFAULT, errno.E2BIG), rights="root")
sets_up_a_ring = _call("io_uring_setup", 4, _buffer(120), may_lack="io_uring")
sets_up_the_older_ring = _call("io_setup", 1, _buffer(8), may_lack="aio")
catches_page_faults = _call("userfaultfd", 1, may_lack="userfaultfd")
counts_events = _call("perf_event_open", _buffer(112, b"\1\0\0\0\x70"), 0, -1, -1, 0, rights="root", may_lack="perf")
adds_a_key = _call("add_key", b"user", b"decoy", b"x", 1, -2, may_lack="keyrings")
asks_for_a_key = _call("request_key", b"user", b"no such key", None, 0, beyond=(errno.ENOKEY,), may_lack="keyrings")
reads_a_keyring = _call("keyctl", 0, -3, 0, beyond=(errno.ENOKEY,), may_lack="keyrings")
opens_a_file_by_handle = _call(
    "open_by_handle_at", -100, _buffer(16, b"\x08\0\0\0\1"), 0, beyond=(errno.ESTALE, errno.EBADF), rights="root"
)
loads_a_kernel = _call("kexec_load", 0, 0, None, 0xFF, beyond=(errno.EINVAL,), rights="root", may_lack="kexec")
loads_a_module = _call(
    "init_module", None, 0, b"", beyond=(errno.EFAULT, errno.ENOEXEC), rights="root", may_lack="modules"
)
reads_the_kernels_log = _call("syslog", 3, _buffer(64), 64, rights="root")
sets_the_clock = _call("settimeofday", None, None, rights="root")
sets_a_clock = _call("clock_settime", 0, None, beyond=(errno.EFAULT,))
steers_the_clock = _call("adjtimex", _buffer(512))
sets_the_hosts_name = _call("sethostname", b"", -1, beyond=(errno.EINVAL,), rights="root")
starts_accounting = _call("acct", b"/no such file", beyond=(errno.ENOENT,), rights="root", may_lack="accounting")
swaps = _call("swapon", b"/no such file", 0, beyond=(errno.ENOENT,), rights="root", may_lack="swap")
reboots = _call("reboot", 0, 0, 0, None, beyond=(errno.EINVAL,), rights="root")
takes_ports = _call("ioperm", 0, 1, 0, may_lack="ports")
watches_the_file_system = _call("fanotify_init", 0, 0, rights="root", may_lack="fanotify")
changes_its_personality = _call("personality", 0x40000)
hides_memory = _call("memfd_secret", 0, may_lack="secret memory")
makes_a_file_of_memory = _call("memfd_create", b"decoy", 0)
changes_its_segments = _call("modify_ldt", 0, _buffer(16), 16, may_lack="segments")
moves_pages_of_memory = _call("move_pages", 0, 0, None, None, None, 0, may_lack="NUMA")
shares_memory = _call("shmget", 0, 4096, 0o600, may_lack="System V objects")
shares_a_semaphore = _call("semget", 0, 1, 0o600, may_lack="System V objects")
shares_a_queue = _call("msgget", 0, 0o600, may_lack="System V objects")
opens_a_message_queue = _call("mq_open", b"decoy", 0o102, 0o600, None, may_lack="room for one")
filters_on_its_own_terms = _call("seccomp", 1, 0, None, beyond=(errno.EFAULT,))


@attack()
def mounts_a_file_system(decoys: Decoys) -> str:
    os.makedirs("data/mount", exist_ok=True)
    return reaches(decoys, "mount", b"none", b"data/mount", b"no such type", 0, None, beyond=(errno.ENODEV,))


mounts_a_file_system.rights = "root"


@attack()
def forks_into_a_user_namespace(decoys: Decoys) -> str:
    pid = call(decoys, "clone", _NEW_USER | _CHILD_ENDED, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    return f"child {pid}"


@attack()
def forks_by_the_call_that_hides_its_arguments(decoys: Decoys) -> str:
    pid = call(decoys, "clone3", (ctypes.c_uint64 * 8)(_NEW_USER, 0, 0, 0, _CHILD_ENDED), 64)
    if pid == 0:
        os._exit(0)
    return f"child {pid}"


@attack()
def reads_memory_that_the_host_shares(decoys: Decoys) -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    segment = call(decoys, "shmget", decoys["shared_key"], 64, 0)
    libc.shmat.restype = ctypes.c_void_p
    place = libc.shmat(segment, None, 0o10000)
    return ctypes.string_at(place, len(decoys["secret"])).decode()


@attack(may_lack="a terminal")
def types_into_a_terminal(_decoys: Decoys) -> str:
    """Asked with a terminal that is none: ENOTTY comes after the filter, and tells that it let the request pass."""
    import fcntl

    try:
        fcntl.ioctl(0, 0x5412, b"#")
    except OSError as error:
        if error.errno == errno.ENOTTY:
            return "the request was passed on"
        raise
    return "typed"


def _machine_code(code: bytes) -> int:
    memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    place = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    return int(ctypes.CFUNCTYPE(ctypes.c_int)(place)())


@attack(may_lack="32-bit programs")
def calls_as_a_32_bit_program(_decoys: Decoys) -> str:
    """int 0x80 with the 32-bit number of getuid, whose number means another call to this machine."""
    if platform.machine() != "x86_64":
        return ""
    _machine_code(b"\xb8\x18\x00\x00\x00\xcd\x80\xc3")
    return "answered"


@attack(may_lack="the x32 kind of calls")
def calls_by_the_x32_numbers(_decoys: Decoys) -> str:
    if platform.machine() != "x86_64":
        return ""
    ctypes.set_errno(0)
    libc = ctypes.CDLL(None, use_errno=True)
    return "answered" if libc.syscall(ctypes.c_long(0x40000000 + 39)) > 0 else ""
