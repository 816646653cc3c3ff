"""What of the machine itself a script must see for Python to work."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

_SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime",
    "/etc/timezone", "/etc/mime.types", "/etc/fonts", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/os-release",
)  # fmt: skip
_OF_A_PREFIX = ("bin", "lib", "lib32", "lib64", "pyvenv.cfg")
_OF_A_MARKED_PREFIX = ("share", "ssl")
_MARKS = ("pyvenv.cfg", "conda-meta")


def system_mounts() -> tuple[Path, ...]:
    """The system's programs and libraries, and this Python with its packages; all of it read-only.

    Of a Python's prefix only the parts that hold Python: a prefix may be a home folder, or the workspace itself.
    """
    paths = dict.fromkeys(Path(name) for name in _SYSTEM)
    for prefix in _prefixes():
        for path in (prefix, prefix.resolve()):
            paths |= dict.fromkeys(_parts(path))
    paths |= dict.fromkeys(_link_chain(Path(sys.executable)))
    return tuple(path for path in paths if path.is_symlink() or path.exists())


def _prefixes() -> Iterator[Path]:
    for prefix in dict.fromkeys((sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)):
        yield Path(prefix)
    if Path(sys.base_prefix).is_relative_to("/nix/store"):
        yield Path("/nix/store")


def _parts(prefix: Path) -> Iterator[Path]:
    if prefix == Path("/nix/store"):  # packages refer to each other, and none is private
        yield prefix
    marked = any((prefix / mark).exists() for mark in _MARKS)
    for name in (*_OF_A_PREFIX, *(_OF_A_MARKED_PREFIX if marked else ())):
        yield prefix / name


def _link_chain(path: Path) -> Iterator[Path]:
    """A link, what it points to, and so on to the file: Python finds its prefix by following them."""
    for _ in range(40):  # as deep as the kernel follows
        yield path
        if not path.is_symlink():
            return
        path = path.parent / path.readlink()
