"""What a run has taken of the disk is found wherever it lies, and only looked for once the room is gone."""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from codegen.sandbox.inside import disk
from codegen.sandbox.inside.disk import Disk

KIB = 1024


@pytest.fixture
def gone(monkeypatch):
    """A file system that has lost much room whenever it is looked at."""
    free = count(1 << 50, -(1 << 40))
    monkeypatch.setattr(disk, "_free", lambda _: (next(free), 1 << 20))


@contextmanager
def child(act) -> Iterator[int]:
    """A process that has done something and waits."""
    (ours, theirs), (silence, hold) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        kept = act()
        os.write(theirs, b"x")
        os.read(silence, 1)
        os._exit(bool(kept))
    try:
        assert os.read(ours, 1) == b"x"
        yield pid
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        for descriptor in (ours, theirs, silence, hold):
            os.close(descriptor)


def test_nothing_is_counted_while_there_is_room(tmp_path):
    watched = Disk({str(tmp_path): 1 << 40})
    (tmp_path / "file").write_bytes(bytes(64 * KIB))
    assert not watched.is_exceeded([])


def test_what_others_make_room_for_is_found_by_the_next_regular_look(tmp_path, monkeypatch):
    room = count(1 << 30, 1 << 20)
    monkeypatch.setattr(disk, "_free", lambda _: (next(room), 1 << 20))
    watched = Disk({str(tmp_path): 32 * KIB})
    (tmp_path / "file").write_bytes(b"x" * 64 * KIB)
    assert not watched.is_exceeded([])
    monkeypatch.setattr(disk.time, "monotonic", lambda: float("inf"))
    assert watched.is_exceeded([])


def test_a_deleted_file_counts_where_it_was(tmp_path, gone):
    def hold() -> object:
        file = os.open(tmp_path / "one" / "file", os.O_CREAT | os.O_RDWR)
        os.write(file, b"x" * 64 * KIB)
        os.unlink(tmp_path / "one" / "file")
        return file

    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with child(hold) as pid:
        assert not Disk({str(tmp_path / "two"): 32 * KIB}).is_exceeded([pid])
        assert Disk({str(tmp_path / "one"): 32 * KIB}).is_exceeded([pid])


def test_a_regular_look_holds_nothing_against_what_it_cannot_see(tmp_path, monkeypatch):
    def hide() -> None:
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)

    monkeypatch.setattr(disk, "_LOOK_S", 0.0)
    with child(hide) as pid:
        assert not Disk({str(tmp_path): 1 << 40}).is_exceeded([pid])


def test_files_that_changed_since_the_run_began_are_counted_in_every_folder(tmp_path, gone):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    watched = Disk({str(tmp_path / "one"): 96 * KIB, str(tmp_path / "two"): 32 * KIB})
    (tmp_path / "one" / "file").write_bytes(b"x" * 64 * KIB)
    assert not watched.is_exceeded([])
    (tmp_path / "two" / "file").write_bytes(b"x" * 64 * KIB)
    assert watched.is_exceeded([])


def test_room_that_others_make_meanwhile_hides_nothing(tmp_path, monkeypatch):
    free = iter([1 << 30, 3 << 30, 2 << 30])
    monkeypatch.setattr(disk, "_free", lambda _: (next(free), 1 << 20))
    watched = Disk({str(tmp_path): 32 * KIB})
    (tmp_path / "file").write_bytes(b"x" * 64 * KIB)
    assert [watched.is_exceeded([]), watched.is_exceeded([])] == [False, True]


def test_what_others_took_is_looked_for_once(tmp_path, monkeypatch):
    free = iter([3 << 30, 1 << 30, 1 << 30, 1 << 30, (1 << 30) - 64 * KIB])
    monkeypatch.setattr(disk, "_free", lambda _: (next(free), 1 << 20))
    watched = Disk({str(tmp_path): 32 * KIB})
    assert not watched.is_exceeded([]), "looked, and found nothing of the run's"
    (tmp_path / "file").write_bytes(b"x" * 64 * KIB)
    assert [watched.is_exceeded([]), watched.is_exceeded([])] == [False, True]


def test_the_number_of_files_is_limited_too(tmp_path, gone, monkeypatch):
    monkeypatch.setattr(disk, "MOST_FILES", 50)
    watched = Disk({str(tmp_path): 1 << 30})
    for number in range(40):
        (tmp_path / str(number)).touch()
    assert not watched.is_exceeded([])
    for number in range(40, 60):
        (tmp_path / str(number)).touch()
    assert watched.is_exceeded([])


def test_a_deleted_file_counts_while_it_is_open_and_while_it_is_mapped(tmp_path, gone):
    def deleted() -> int:
        file = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
        os.write(file, b"x" * 64 * KIB)
        os.unlink(tmp_path / "file")
        return file

    def mapped() -> None:
        file = deleted()
        libc = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap(None, ctypes.c_size_t(4096), 1, 1, file, ctypes.c_long(0))
        os.close(file)

    watched = Disk({str(tmp_path): 32 * KIB})
    for act in (deleted, mapped):
        with child(act) as pid:
            assert watched.is_exceeded([pid]), act
    with child(lambda: mmap.mmap(-1, 64 * KIB)) as pid:
        assert not watched.is_exceeded([pid]), "shared memory is no file of the disk's"


@pytest.mark.skipif(os.getuid() == 0, reason="root may look everywhere")
def test_what_was_made_unreadable_counts_as_too_much(tmp_path, gone):
    watched = Disk({str(tmp_path): 1 << 30})
    (tmp_path / "hidden").mkdir(0o300)
    assert watched.is_exceeded([])


def test_a_process_that_is_ending_hides_nothing(tmp_path, gone):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert not Disk({str(tmp_path): 1 << 30}).is_exceeded([pid])
    os.waitpid(pid, 0)
