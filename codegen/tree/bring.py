"""Files and index brought to what they shall be, by one process at a time."""

from __future__ import annotations

import fcntl
import py_compile
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from hashlib import sha256
from io import FileIO
from pathlib import Path

from codegen.config.paths import Workspace
from codegen.config.settings import load_settings
from codegen.errors import WorkspaceError
from codegen.generate.write import Changes, write_tree
from codegen.search.index import Group, groups, remove_group, write_groups
from codegen.search.meaning import meaning
from codegen.tree.build import Built
from codegen.tree.entries import entries_of

GROUP = "servers/"


def bring(place: Workspace, built: Iterable[Built], files: Mapping[str, str], owned: Set[str]) -> Changes:
    """Write what differs, delete what is ours and no longer wanted, byte-compile and index it.

    `built` are the packages that `files` are of. Raises WorkspaceError.
    """
    changes = write_tree(place.servers, files, owned)
    _compile(place.servers, (*changes.added, *changes.changed))
    index(place, built)
    return changes


def index(place: Workspace, built: Iterable[Built]) -> None:
    """Make packages findable; those that are indexed as they are cost a look. Raises ConfigError."""
    wanted = meaning(load_settings(place.settings).search.embed, place.root)
    write_groups(place.index, map(_group, built), wanted)


def _group(built: Built) -> Group:
    entries = entries_of(built.package, built.use)
    return Group(GROUP + built.package.folder, entries, sha256(repr(entries).encode()).hexdigest())


def forget(place: Workspace, folders: Set[str]) -> None:
    """Take from the index every server but those of these folders."""
    for group in groups(place.index):
        if group.startswith(GROUP) and group.removeprefix(GROUP) not in folders:
            remove_group(place.index, group)


@contextmanager
def alone(place: Workspace, name: str) -> Iterator[None]:
    """One at a time in a workspace does what `name` stands for; a second one waits. Raises WorkspaceError."""
    try:
        lock = FileIO(place.make_state() / f"{name}.lock", "a")
    except OSError as error:
        raise WorkspaceError(f"{place.state} can't be written: {error.strerror}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _compile(servers: Path, files: Iterable[str]) -> None:
    """Byte-compile what was written: scripts see the tree read-only and could never do it themselves."""
    for name in files:
        if name.endswith(".py"):
            py_compile.compile(str(servers / name), quiet=2, doraise=False)
