"""Which of the listed paths have to be put into a new root, and in which order. Looks, and changes nothing."""
# pathlib would cost each start 3 ms:
# ruff: noqa: PTH114, PTH115, PTH118, PTH119, PTH120

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Place:
    """One path of the new root: a link to make again, or a folder or file to mount."""

    __slots__ = ("is_folder", "link", "path", "writable")

    def __init__(self, path: str, *, link: str = "", is_folder: bool = False, writable: bool = False) -> None:
        self.path, self.link, self.is_folder, self.writable = path, link, is_folder, writable


def lay_out(read_only: list[str], writable: list[str]) -> list[Place]:
    """Mounts, outer ones first, then links, so that no mount can be led astray by one.

    Left out is what isn't there, what an outer path of the same kind shows already, and a link where a mount needs a
    folder. Raises NotADirectoryError for a writable path that is no real folder.
    """
    kinds = dict.fromkeys(read_only, False) | dict.fromkeys(writable, True)
    links = {path for path in kinds if os.path.islink(path)}
    kinds = {_beside_links(path, links): kind for path, kind in kinds.items()}
    mounted: dict[str, bool] = {}
    mounts: list[Place] = []
    made_again: list[Place] = []
    for path, kind in sorted(kinds.items(), key=lambda item: item[0].split("/")):
        outer = next((above for above in _above(path) if above in mounted), None)
        place = None if outer is not None and mounted[outer] == kind else _place(path, writable=kind)
        if place is None or (place.link and outer is not None):
            continue
        if place.link:
            made_again.append(place)
        else:
            mounts.append(place)
            mounted[path] = kind
    needed = {above for path in mounted for above in _above(path)}
    return [*mounts, *(place for place in made_again if place.path not in needed)]


def _beside_links(path: str, links: set[str]) -> str:
    """The same entry without a listed link on the way: `/bin/python3` lies in `/usr/bin` where `/bin` leads there."""
    if any(above in links for above in _above(path)):
        return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    return path


def _above(path: str) -> Iterable[str]:
    """Its folder, and so on up to the root."""
    while path != "/":
        path = os.path.dirname(path)
        yield path


def _place(path: str, *, writable: bool) -> Place | None:
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(mode) and not writable:
        return Place(path, link=os.readlink(path))
    if writable and not stat.S_ISDIR(mode):
        raise NotADirectoryError(20, "a writable path must be a real folder", path)
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        return None  # a socket, pipe or device has no place inside
    return Place(path, is_folder=stat.S_ISDIR(mode), writable=writable)
