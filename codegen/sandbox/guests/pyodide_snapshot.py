"""The memory of a WebAssembly interpreter that has started, kept from one fork server to the next."""

from __future__ import annotations

import hashlib
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SMALL = 1 << 20  # bytes; of larger files size and time are compared


def kept(folder: Path, origins: list[Path], make: Callable[[], bytes]) -> bytes:
    """The snapshot of these origins; made, and kept in `folder` in place of older ones, if it isn't there."""
    place = folder / f"pyodide-{_key(origins)}.snapshot"
    try:
        return place.read_bytes()
    except OSError:
        made = make()
    if made:
        _keep(place, made)
    return made


def _key(origins: list[Path]) -> str:
    key = hashlib.sha256()
    for path in origins:
        found = path.stat()
        key.update(f"{path} {found.st_size} {found.st_mtime_ns if found.st_size > _SMALL else ''}".encode())
        if found.st_size <= _SMALL:
            key.update(path.read_bytes())
    return key.hexdigest()[:24]


def _keep(place: Path, data: bytes) -> None:
    """Written whole or not at all; a folder that can't be written only costs time."""
    new = place.with_suffix(f".{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        new.touch(0o600)
        new.write_bytes(data)
        new.replace(place)
        for other in place.parent.glob("pyodide-*.snapshot"):
            if other != place:
                other.unlink(missing_ok=True)
    except OSError:
        return
