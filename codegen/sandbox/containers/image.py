"""The image that containers run: on Linux nothing but links, for all else is mounted. Deterministic."""

from __future__ import annotations

import hashlib
import io
import os
import sys
from dataclasses import dataclass

from codegen.sandbox.backend import Mounts
from codegen.sandbox.containers.engine import Shown
from codegen.sandbox.layout import lay_out
from codegen.sandbox.view import system_mounts

SCRATCH = ("/tmp/", "/dev/shm/")  # noqa: S108  # folders of the run's own, which cover what an image has there
_NAME = "localhost/codegen-links"


@dataclass(frozen=True, slots=True)
class Image:
    """`tar` is the whole root file system, None for an image that a person has to pull."""

    tag: str
    tar: bytes | None = None


def native_image(shown: Shown) -> Image:
    """The links alone, under a name that says what is in it: it is made once, and again only for other links."""
    import tarfile  # nobody who has a wall of the system's own needs it

    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for folder in ("tmp", "run", "dev", "proc", "sys", "etc"):
            entry = tarfile.TarInfo(folder)
            # runc gives what it mounts over a folder that folder's mode, whatever mode the mount asks for.
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            tar.addfile(entry)
        for path, target in sorted(shown.links.items()):
            if not path.startswith(SCRATCH):
                entry = tarfile.TarInfo(path.lstrip("/"))
                entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, target, 0o777
                tar.addfile(entry)
    content = whole.getvalue()
    return Image(f"{_NAME}:{hashlib.sha256(content).hexdigest()[:16]}", content)


def foreign_image() -> Image:
    """Where this machine's own Python can't run in a Linux container: the public one of the same version."""
    return Image(f"python:{sys.version_info.major}.{sys.version_info.minor}-slim")


def shown_of(mounts: Mounts, *, with_system: bool) -> Shown:
    """What of `mounts` is there, by kind.

    Raises NotADirectoryError for a writable path that is no real folder. `with_system`: this machine's own programs
    and libraries too.
    """
    left_out = frozenset() if with_system else frozenset(system_mounts())
    read_only = [os.fspath(path) for path in mounts.read_only if path not in left_out]
    places = lay_out(read_only, [os.fspath(path) for path in mounts.writable])
    return Shown(
        tuple(place.path for place in places if not (place.link or place.writable)),
        tuple(place.path for place in places if place.writable),
        {place.path: place.link for place in places if place.link},
    )
