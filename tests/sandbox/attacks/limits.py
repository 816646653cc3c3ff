"""After what a run may use, and after its end: each of these is a run of its own.

A function gives something once it has had more than SMALL allows, or has outlived what was to end it. What a script is
told (MemoryError, an OSError) ends it in peace. `siege/bombs.py` says which limit must end the others.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import errno
import mmap
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable

MIB = 1 << 20
MANY = 60
"""Processes, threads, open files: more than SMALL allows, and few enough to have without a wall."""

MUCH = 192 * MIB
_LONG_S = 20
LOOK_S = 1.5
"""Seconds in which whoever has to look must have looked; nobody has where there is no wall."""
MARK = "mark"
"""What files outside data/ are to be called, for whoever cleans up."""


def many_children() -> str:
    try:
        return _held(lambda: [_child(time.sleep, _LONG_S) for _ in range(MANY)])
    except BlockingIOError:
        return ""


def many_children_of_children() -> str:
    """Each forks the next, so that nobody has many."""
    ours, theirs = os.pipe()
    if os.fork() == 0:
        for _ in range(MANY):
            os.write(theirs, b"x")
            if _forked():
                time.sleep(_LONG_S)
                os._exit(0)
    got = 0
    while got < MANY and select.select([ours], [], [], 0.7)[0]:
        got += len(os.read(ours, MANY))
    return f"{got} generations" if got == MANY else ""


def _forked() -> bool:
    """Whether this is the parent, or would be if it could."""
    try:
        return os.fork() != 0
    except BlockingIOError:
        return True


def many_threads() -> str:
    over = threading.Event()

    def start() -> int:
        for _ in range(MANY):
            threading.Thread(target=over.wait, args=(_LONG_S,), daemon=True).start()
        time.sleep(LOOK_S)
        return MANY

    try:
        return f"{start()} threads"
    except RuntimeError:
        return ""
    finally:
        over.set()


def many_open_files() -> str:
    return _told(lambda: [os.dup(0) for _ in range(4 * MANY)])


def memory_of_one_process() -> str:
    return _told(lambda: bytes(_touched(bytearray(MUCH))[:1]))


def memory_that_is_shared() -> str:
    return _held(lambda: _touched(mmap.mmap(-1, MUCH)))


def memory_of_a_hidden_process() -> str:
    """One that made itself unreadable for its own user."""
    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
    return _held(lambda: _touched(mmap.mmap(-1, MUCH)))


def memory_of_all_children() -> str:
    ours, theirs = os.pipe()

    def hold() -> None:
        _kept.append(_touched(bytearray(MUCH // 4)))
        os.write(theirs, b"x")
        time.sleep(_LONG_S)

    return _held(lambda: [(_child(hold), os.read(ours, 1)) for _ in range(5)])


def memory_in_a_file_of_memory() -> str:
    return _told(lambda: _fill(os.memfd_create("decoy"), MUCH))


def memory_in_shared_files() -> str:
    def fill() -> object:
        try:
            return [_fill(_new(f"/dev/shm/{MARK}{number}"), MUCH // 4) for number in range(4)]
        finally:
            for number in range(4):
                _remove(f"/dev/shm/{MARK}{number}")

    return _told(fill)


def memory_in_sockets() -> str:
    """What was sent and not received belongs to no process."""

    def fill() -> object:
        sent = 0
        while sent < MUCH:
            for _ in range(20):
                pair = socket.socketpair()
                _kept.append(pair)
                for one in pair:
                    one.setblocking(False)
                    sent += _sent(one)
            pid = _child(time.sleep, _LONG_S)
            for one, other in _kept:  # the child has them all
                one.close()
                other.close()
            _kept.clear()
            _kept_pids.append(pid)
        return sent

    return _held(fill)


_kept: list = []  # type: ignore[type-arg]
_kept_pids: list[int] = []


def _sent(one: socket.socket) -> int:
    sent = 0
    try:
        while True:
            sent += one.send(bytes(65536))
    except BlockingIOError:
        return sent


def disk_in_one_file() -> str:
    return _told(lambda: _fill(_new(_name(0)), MUCH))


def disk_in_many_files() -> str:
    return _held(lambda: [_fill(_new(_name(number)), 16 * MIB) for number in range(12)])


def disk_in_the_scratch_folder() -> str:
    folder = os.environ.get("TMPDIR", "/tmp")

    def fill() -> object:
        try:
            return [_fill(_new(f"{folder}/{MARK}-big{number}"), 16 * MIB) for number in range(12)]
        except OSError as error:
            if error.errno == errno.ENOSPC:
                os._exit(0)
            raise

    return _held(fill)


def disk_in_deleted_files() -> str:
    return _held(lambda: [_deleted(_name(number)) for number in range(12)])


def disk_in_deleted_files_that_are_only_mapped() -> str:
    return _held(lambda: [_mapped_alone(_name(number)) for number in range(12)])


def _mapped_alone(name: str) -> int:
    """By the call itself: a mmap object of Python's keeps a descriptor open."""
    descriptor = _deleted(name)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    place = libc.mmap(None, ctypes.c_size_t(4096), 1, 1, descriptor, ctypes.c_long(0))
    os.close(descriptor)
    return int(place or 0)


def disk_in_a_folder_that_cannot_be_listed() -> str:
    os.mkdir("data/hidden", 0o300)
    return _held(lambda: [_fill(_new(f"data/hidden/{number}"), 16 * MIB) for number in range(12)])


def disk_of_a_hidden_process() -> str:
    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
    return _held(lambda: [_deleted(_name(number)) for number in range(12)])


def disk_in_the_queue_of_a_socket() -> str:
    one, other = socket.socketpair()

    def send(number: int) -> None:
        file = _deleted(_name(number))
        socket.send_fds(one, [b"x"], [file])
        os.close(file)

    try:
        return _held(lambda: [send(number) for number in range(12)])
    except PermissionError:
        return ""
    finally:
        other.close()


def many_empty_files() -> str:
    """100,000 are allowed."""

    def make() -> object:
        for folder in range(120):
            os.mkdir(f"data/empty{folder}")
            for number in range(1000):
                os.close(_new(f"data/empty{folder}/{number}"))
        return "120,000 files"

    return _held(make)


def a_loop() -> str:
    return _loop(2.5)


def a_loop_that_will_not_hear() -> str:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    return _loop(2.5)


def loops_of_many_children() -> str:
    """Each for itself within the limit, one after another."""
    for _ in range(6):
        pid = _child(_loop, 0.6)
        os.waitpid(pid, 0)
    return "6 loops of 0.6 s"


def _loop(seconds: float) -> str:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return f"{seconds} s"


def sleeping() -> str:
    time.sleep(3)
    return "slept"


def a_flood_of_output() -> str:
    return _flood(1)


def a_flood_of_errors() -> str:
    return _flood(2)


def _flood(stream: int) -> str:
    for _ in range(2048):
        os.write(stream, b"x" * (MIB // 2))
    return "1 GiB"


def a_daemon() -> None:
    _daemon()


def a_daemon_while_it_is_killed() -> None:
    _daemon()
    time.sleep(_LONG_S)


def _daemon() -> None:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in range(1, signal.NSIG):
                if number not in {signal.SIGKILL, signal.SIGSTOP, 32, 33}:
                    signal.signal(number, signal.SIG_IGN)
            os.closerange(0, 256)
            time.sleep(_LONG_S)
        os._exit(0)
    os.wait()


def a_comet() -> None:
    """A process that is gone before anybody has looked: each forks the next and ends."""
    if os.fork() == 0:
        os.setsid()
        os.closerange(0, 256)
        end = time.monotonic() + _LONG_S
        while time.monotonic() < end:
            if os.fork():
                os._exit(0)
    time.sleep(0.2)


def killing_its_keeper() -> str:
    """Gives its word only if the keeper is gone, whose end would leave the run to itself."""
    return _ended_by(signal.SIGKILL)


def stopping_its_keeper() -> str:
    return _ended_by(signal.SIGSTOP)


def killing_its_group() -> str:
    if os.fork() == 0:
        os.setsid()
        time.sleep(_LONG_S)
        os._exit(0)
    time.sleep(0.1)
    os.kill(0, signal.SIGKILL)
    return "alive"


def _ended_by(number: int) -> str:
    keeper = os.getppid()
    if os.fork() == 0:  # the script itself may end with its keeper
        os.setsid()
        time.sleep(_LONG_S)
        os._exit(0)
    try:
        os.kill(keeper, number)
    except OSError:
        return ""
    time.sleep(0.3)
    return "no keeper" if os.getppid() != keeper else ""


def rubbish_on_the_channel() -> str:
    os.write(3, b"\xff" * 64)
    time.sleep(_LONG_S)
    return "went on"


def half_a_message() -> str:
    os.write(3, b"\x00\x00\x10\x00{")
    return ""


def a_message_without_end() -> str:
    try:
        os.write(3, b"\x7f\xff\xff\xff")
        for _ in range(256):
            os.write(3, b"x" * MIB)
    except OSError:
        return ""
    return "256 MiB of one message"


def _child(function: Callable[..., object], *arguments: object) -> int:
    pid = os.fork()
    if pid == 0:
        function(*arguments)
        os._exit(0)
    return pid


def _told(get: Callable[[], object]) -> str:
    """What the script is told of, and lives on."""
    try:
        return f"had {str(get())[:40]}"
    except (MemoryError, BlockingIOError):
        return ""
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EFBIG, errno.ENOSPC, errno.EMFILE, errno.ENOMEM, errno.ENOSYS}:
            return ""
        raise


def _held(get: Callable[[], object]) -> str:
    """What somebody else has to see, for which it is given the time."""
    got = get()
    time.sleep(LOOK_S)
    return f"held {str(got)[:40]}"


def _touched(memory: bytearray | mmap.mmap) -> bytearray | mmap.mmap:
    for place in range(0, len(memory), 4096):
        memory[place] = 1
    return memory


def _new(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)


def _fill(descriptor: int, size: int) -> int:
    block = array.array("B", bytes(MIB))
    for _ in range(size // MIB):
        os.write(descriptor, block)
    return descriptor


def _name(number: int) -> str:
    return f"data/{os.getpid()}-{number}"


def _deleted(path: str) -> int:
    descriptor = _new(path)
    _remove(path)
    return _fill(descriptor, 16 * MIB)


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)
