"""The tree on disk: atomically, only what changed, only what is ours, never through a link out of the root."""

from __future__ import annotations

import contextlib
import difflib
import os
import threading
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from codegen.errors import WorkspaceError
from codegen.naming import digest


@dataclass(frozen=True, slots=True)
class Changes:
    """Relative paths, sorted. `diff` is a unified diff, and empty when the tree was written."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    diff: str = ""

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def write_tree(root: Path, wanted: Mapping[str, str], owned: Set[str]) -> Changes:
    """Make the tree below `root` hold `wanted`; of the files in `owned`, delete those no longer wanted.

    A file of equal bytes isn't touched, and no other file is deleted. Raises WorkspaceError naming the path.
    """
    changes = _compare(root, wanted, owned)
    for relative in (*changes.added, *changes.changed):
        write_file(_inside(root, relative), wanted[relative])
    for relative in changes.removed:
        _remove(root, relative)
    return changes


def compare_tree(root: Path, wanted: Mapping[str, str], owned: Set[str]) -> Changes:
    """What `write_tree` would do, with a unified diff; writes nothing."""
    changes = _compare(root, wanted, owned)
    lines: list[str] = []
    for relative in sorted((*changes.added, *changes.changed, *changes.removed)):
        before = (_read(_inside(root, relative)) or b"").decode("utf-8", "replace")
        after = wanted.get(relative, "")
        lines += _diff(relative, before, after)
    return Changes(changes.added, changes.changed, changes.removed, "".join(lines))


def _compare(root: Path, wanted: Mapping[str, str], owned: Set[str]) -> Changes:
    added, changed = [], []
    for relative in sorted(wanted):
        present = _read(_inside(root, relative))
        if present is None:
            added.append(relative)
        elif present != _bytes(wanted[relative]):
            changed.append(relative)
    gone = [each for each in sorted(owned - set(wanted)) if _exists(_inside(root, each))]
    return Changes(tuple(added), tuple(changed), tuple(gone))


def _inside(root: Path, relative: str) -> Path:
    """The place of a relative path; refuses one that leads out of the root, by its parts or through a link."""
    parts = PurePosixPath(relative).parts
    if not parts or ".." in parts or PurePosixPath(relative).is_absolute() or "\0" in relative:
        raise WorkspaceError(f"{relative!r} is no path inside {root}")
    at = root
    for part in parts[:-1]:
        at = at / part
        if at.is_symlink():
            raise WorkspaceError(f"{at} is a link; generated files are not written through links", hint=f"remove {at}")
    return at / parts[-1]


def _bytes(text: str) -> bytes:
    # Lone surrogates are escaped or replaced long before; this is only so that writing can't fail on one.
    return text.encode("utf-8", "replace")


def _exists(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def _read(path: Path) -> bytes | None:
    """The bytes of a plain file. A link isn't one of ours: it is replaced, never followed."""
    if path.is_symlink():
        return b"" if path.exists() else None
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _failed(path, error) from error


def write_file(path: Path, text: str) -> None:
    """Replace a file in one step, its folder made when need be and its mode kept. Raises WorkspaceError naming it."""
    temporary = path.with_name(f".{digest(path.name)}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = path.stat().st_mode & 0o777 if path.is_file() and not path.is_symlink() else None
        with temporary.open("xb") as file:
            file.write(_bytes(text))
        if kept is not None:
            temporary.chmod(kept)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise _failed(path, error) from error


def _remove(root: Path, relative: str) -> None:
    path = _inside(root, relative)
    try:
        path.unlink(missing_ok=True)
        for stale in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            stale.unlink(missing_ok=True)
    except OSError as error:
        raise _failed(path, error) from error
    for folder in _parents(root, path):
        with contextlib.suppress(OSError):  # not empty: someone else's files stay
            (folder / "__pycache__").rmdir()
        with contextlib.suppress(OSError):
            folder.rmdir()


def _parents(root: Path, path: Path) -> Iterator[Path]:
    for parent in path.parents:
        if parent == root:
            return
        yield parent


def _diff(relative: str, before: str, after: str) -> list[str]:
    rows = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{relative}", f"b/{relative}"
    )
    return [row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n" for row in rows]


def _failed(path: Path, error: OSError) -> WorkspaceError:
    return WorkspaceError(f"{path} can't be written: {error.strerror or error}", hint="is the folder writable?")
