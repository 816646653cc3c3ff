"""Packages made ready for a workspace's scripts: found, or installed and put in place whole; old ones removed."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Literal

from codegen.errors import CodegenError, WorkspaceError
from codegen.model import Problem
from codegen.packages.install import install
from codegen.packages.place import Packages, cache_folder, place_of

UNUSED_S = 30 * 24 * 3600.0
"""Seconds after which packages that no workspace used are removed."""

_WHERE = "codegen.toml: sandbox.packages"
_LOOK_S = 0.05

PackagesState = Literal["present", "installed", "missing", "failed"]


@dataclass(frozen=True, slots=True)
class PackagesReport:
    """What became of a workspace's packages; `problem` says why they failed, or what to do where they are missing."""

    state: PackagesState
    requirements: tuple[str, ...]
    seconds: float = 0.0
    problem: Problem | None = None


async def provide(
    requirements: tuple[str, ...], workspace: Path, *, may_install: bool, tell: Callable[[str], None] | None = None
) -> PackagesReport | None:
    """See to it that the packages are there; None where none are asked for. Starts nothing when they are.

    `tell` hears a line before an installation. Trouble is in the report. Cancelling leaves nothing half made.
    """
    start = time.monotonic()
    try:
        place = place_of(requirements, workspace)
        if place is None:
            return None
        if place.is_there:
            place.touch()
            return PackagesReport("present", requirements)
        if not may_install:
            what = f"not installed: {', '.join(requirements)}"
            return PackagesReport("missing", requirements, problem=Problem(_WHERE, what, "codegen sync"))
        if tell:
            tell(f"packages: installing {', '.join(requirements)} …")
        await _make(place)
    except CodegenError as error:
        problem = Problem(_WHERE, error.what, error.hint)
        return PackagesReport("failed", requirements, time.monotonic() - start, problem)
    return PackagesReport("installed", requirements, time.monotonic() - start)


async def _make(place: Packages) -> None:
    """Install beside, then rename: another sync that waited finds it done. Raises InstallError, WorkspaceError."""
    try:
        with await _locked(place) as lock:
            if place.is_there:
                return
            shutil.rmtree(place.making, ignore_errors=True)
            place.making.mkdir()
            try:
                await install(place.requirements, place.making, lock.fileno())
                (place.making / "lib").mkdir(exist_ok=True)  # every requirement may be for another platform
                (place.making / "lib").rename(place.library)
            finally:
                shutil.rmtree(place.making, ignore_errors=True)
    except OSError as error:
        raise WorkspaceError(f"packages can't be put into {place.folder}: {error}") from error


async def _locked(place: Packages) -> FileIO:
    """The lock of a list; asked for again and again, so that waiting can be cancelled."""
    while True:
        place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # removed in between
            lock = FileIO(place.lock, "a")
            if _take(lock) and _is_same(lock, place.lock):
                return lock
            lock.close()
        await asyncio.sleep(_LOOK_S)


def _take(lock: FileIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_same(lock: FileIO, path: Path) -> bool:
    """Whether it is still the file of that name: who removes a list removes its lock too."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    return False


def remove_unused(now: float) -> tuple[Path, ...]:
    """Remove the packages that nobody has used for long; `now` is in seconds since 1970. What was removed."""
    removed: list[Path] = []
    for folder in _lists():
        with suppress(OSError), _alone(folder) as is_mine:
            if is_mine and now - folder.stat().st_mtime > UNUSED_S:
                gone = folder / f"removed-{os.getpid()}"
                with suppress(FileNotFoundError):
                    (folder / "lib").rename(gone)  # at once: no run may see half of it
                shutil.rmtree(folder)
                removed.append(folder)
    return tuple(removed)


def _lists() -> list[Path]:
    with suppress(OSError, CodegenError):
        return sorted(path for path in cache_folder().iterdir() if path.is_dir())
    return []


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether its lock could be had, without waiting."""
    with FileIO(folder / "lock", "a") as lock:
        yield _take(lock)
