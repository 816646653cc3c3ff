"""Which files of a workspace a script in WebAssembly is given, where no folder can be mounted."""

from __future__ import annotations

import os
import re
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"\w+")


def read(root: Path, source: str) -> dict[str, str]:
    """The texts by absolute path: all skills, what `servers` itself consists of, and each server named in any of them.

    No link is followed: what it points to may be anything.
    """
    files = {path: _text(path) for path in (*_modules(root, "servers"), *_modules(root, "skills", deep=True))}
    named = set(_NAME.findall(source)).union(*(_NAME.findall(text) for text in files.values()))
    for folder in _folders(root / "servers"):
        if folder.name in named:
            files |= {path: _text(path) for path in _modules(root, f"servers/{folder.name}")}
    return {os.fspath(path): text for path, text in files.items()}


def _modules(root: Path, name: str, *, deep: bool = False) -> Iterator[Path]:
    folder = root / name
    if folder.is_symlink() or not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.suffix == ".py" and path.is_file():
            yield path
        elif deep and path.is_dir():
            yield from _modules(root, f"{name}/{path.name}", deep=True)


def _folders(folder: Path) -> Iterator[Path]:
    if folder.is_dir() and not folder.is_symlink():
        yield from (path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
