"""What a run adds to the writable folders. No unprivileged means of Linux limits that, so it is looked at."""

from __future__ import annotations

import os
import time
from itertools import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_FILES = 100_000
"""Files and folders; a run that makes more ends by its disk limit too: they cost what they don't hold."""

_BLOCK = 512  # bytes, of st_blocks, whatever the file system's own
_UNSEEN = inf = float("inf")
"""What a script made unreadable, or keeps where it can't be measured, counts for more than it may have: it is looked
for only once the room is gone.
"""

_LOOK_S = 0.5
_LOOKS_SHARE = 20
"""A look that took long isn't taken again before twenty times as long has passed."""

_SKEW = 0.1  # seconds by which a file system's clock may lag behind ours


class Disk:
    """Files are counted when the file system has lost half as much room as the run may take, and again when half of
    what is left has gone; and twice a second if that is cheap, for others who make room meanwhile may hide the loss.

    Counted is what changed since the run began, whole, and what was deleted but is still open.
    """

    def __init__(self, most: dict[str, int]) -> None:
        """`most`: bytes for each folder."""
        self._most = most
        self._free = {folder: _free(folder) for folder in most}
        self._patience = {folder: (size / 2, MOST_FILES / 2) for folder, size in most.items()}
        self._start = time.time() - _SKEW
        self._next_look = time.monotonic() + _LOOK_S

    def is_exceeded(self, pids: list[int]) -> bool:
        """Whether the run, of these processes, has taken more than it may, by a sixteenth at most."""
        if any(self._is_short(folder) and self._has_taken_it(folder, pids, unseen=inf) for folder in self._most):
            return True
        begun = time.monotonic()
        if begun < self._next_look:
            return False
        found = any(self._has_taken_it(folder, pids, unseen=0) for folder in self._most)
        now = time.monotonic()
        self._next_look = now + max(_LOOK_S, _LOOKS_SHARE * (now - begun))
        return found

    def _is_short(self, folder: str) -> bool:
        """Measured from the most room there has been: what others remove meanwhile must not hide what a run takes."""
        size_now, files_now = _free(folder)
        size, files = self._free[folder]
        self._free[folder] = size, files = max(size, size_now), max(files, files_now)
        return size - size_now > self._patience[folder][0] or files - files_now > self._patience[folder][1]

    def _has_taken_it(self, folder: str, pids: list[int], *, unseen: float) -> bool:
        """Whether it was this run: others use the disk too. What they took isn't looked for again."""
        most, taken, number = self._most[folder], 0.0, 0
        for size in chain(_deleted(pids, folder), self._changed(folder)):
            taken += unseen if size == _UNSEEN else size
            number += 1
            if taken > most or number > MOST_FILES:
                return True
        self._free[folder] = _free(folder)
        self._patience[folder] = max((most - taken) / 2, most / 16), max((MOST_FILES - number) / 2, MOST_FILES / 16)
        return False

    def _changed(self, folder: str) -> Iterator[float]:
        waiting = [folder]
        while waiting:
            try:
                entries = list(os.scandir(waiting.pop()))
            except PermissionError:
                yield _UNSEEN
                continue
            except OSError:
                continue  # the script removed it
            for entry in entries:
                try:
                    found = entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                except OSError:
                    continue
                if found.st_ctime >= self._start:
                    yield found.st_blocks * _BLOCK


def _deleted(pids: list[int], folder: str) -> Iterator[float]:
    """Files without a name that are open, where they were in this folder; and those that are only mapped, of which
    nobody is told the size.
    """
    for pid in pids:
        try:
            names = os.listdir(f"/proc/{pid}/fd")
            if _maps_a_deleted_file(pid):
                yield _UNSEEN
        except PermissionError:
            if _has_memory(pid):  # one that is ending has lost it, and its owner with it
                yield _UNSEEN
            continue
        except OSError:
            continue  # it has ended
        for name in names:
            try:
                place = os.readlink(f"/proc/{pid}/fd/{name}")
                found = os.stat(f"/proc/{pid}/fd/{name}")
            except OSError:
                continue
            if not found.st_nlink and place.startswith(f"{folder}/"):
                yield found.st_blocks * _BLOCK


def _has_memory(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/statm", "rb") as sizes:
            return not sizes.read().startswith(b"0 ")
    except OSError:
        return False


def _maps_a_deleted_file(pid: int) -> bool:
    """One of a real device: what is anonymous and shared is called deleted too, of device 00:NN, and is memory."""
    with open(f"/proc/{pid}/maps", "rb") as maps:
        return any(line.endswith(b" (deleted)\n") and not line.split()[3].startswith(b"00:") for line in maps)


def _free(folder: str) -> tuple[int, int]:
    """Bytes and files that the file system has room for."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return (0, 0)
    return (found.f_bfree * found.f_frsize, found.f_ffree)
