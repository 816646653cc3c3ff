"""Where the packages of a list of requirements lie: one folder, shared by all workspaces with the same list.

    $XDG_CACHE_HOME/codegen/packages/KEY/lib      the packages, put in place whole
    $XDG_CACHE_HOME/codegen/packages/KEY/lock     held by whoever makes or removes them
    $XDG_CACHE_HOME/codegen/packages/KEY/making   what an interrupted sync left; swept by the next

KEY stands for the requirements, the Python's binary interface, the machine. KEY's own time is that of its last use.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from codegen.errors import ConfigError, WorkspaceError

_LAYOUT = "1"


@dataclass(frozen=True, slots=True)
class Packages:
    """The folder of one list of requirements; absolute and resolved, whether it exists or not."""

    folder: Path
    requirements: tuple[str, ...]

    @property
    def library(self) -> Path:
        """The folder to import from."""
        return self.folder / "lib"

    @property
    def making(self) -> Path:
        return self.folder / "making"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def is_there(self) -> bool:
        return self.library.is_dir()

    def touch(self) -> None:
        """Say that it is in use: what nobody uses for long is removed."""
        with suppress(OSError):  # a cache that can be read alone is never cleared by us either
            os.utime(self.folder)


def place_of(requirements: Sequence[str], workspace: Path) -> Packages | None:
    """Where these packages lie; None where nothing is asked for. Nothing is made.

    Raises ConfigError when the cache lies inside the workspace, where scripts could write.
    """
    if not requirements:
        return None
    cache = cache_folder()
    if cache.is_relative_to(workspace.resolve()):
        raise ConfigError(
            f"packages would be installed into {cache}, inside the workspace",
            hint="set XDG_CACHE_HOME to a folder outside of it",
        )
    said = [_LAYOUT, *sorted(requirements), sys.implementation.cache_tag, sysconfig.get_platform()]
    said.append(str(sysconfig.get_config_var("SOABI")))  # tells musl from glibc, and free-threading
    return Packages(cache / sha256("\n".join(said).encode()).hexdigest()[:20], tuple(requirements))


def installed(requirements: Sequence[str], workspace: Path) -> Packages | None:
    """Like `place_of`, for a run. Raises WorkspaceError when the packages aren't there."""
    place = place_of(requirements, workspace)
    if place is not None and not place.is_there:
        listed = ", ".join(requirements)
        raise WorkspaceError(f"[sandbox] packages aren't installed: {listed}", hint="install them: codegen sync")
    return place


def cache_folder() -> Path:
    """The folder of all lists. Raises WorkspaceError where nobody has a home."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    try:
        root = Path(named) if named.startswith("/") else Path("~/.cache").expanduser()
    except RuntimeError as error:
        raise WorkspaceError(f"no folder for packages: {error}", hint="set XDG_CACHE_HOME") from None
    return root.resolve() / "codegen" / "packages"
