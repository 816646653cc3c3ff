"""Where scripts run: the sandbox chosen for this workspace, and one wall kept ready for its runs."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from codegen.config.paths import Workspace
from codegen.config.settings import Settings
from codegen.errors import WorkspaceError
from codegen.packages.place import Packages, installed
from codegen.runtime.child import Child, start_child
from codegen.sandbox.backend import Backend, Limits, Mounts, View, Wall
from codegen.sandbox.choose import AUTO, Choice, choose
from codegen.sandbox.view import system_mounts

HIDDEN = {"mcp.json", ".mcp.json", "codegen.toml", ".codegen", ".git", ".claude", ".venv"}
"""Entries of a workspace that a script doesn't see; nor any whose name begins with `.env`."""

_COPIED = ("mcp.json", "codegen.toml")
"""Nor what begins with these after a dot or without: a half-written one becomes it, an editor's copy has been it."""

MOST_RUNS = 500
"""Runs behind one wall; then another is prepared, so that what a kernel or a library gathers has an end."""

IDLE_S = 300.0
"""Seconds without a run after which a wall is let go of."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a wall is prepared for; it serves only runs that would prepare the same."""

    backend: str
    view: View
    state: tuple[tuple[str, int, int], ...]


class _Kept:
    """A wall with the runs behind it; a retired one is closed when the last of them has ended."""

    def __init__(self, plan: _Plan, wall: Wall) -> None:
        self.plan = plan
        self.wall = wall
        self.started = self.active = 0
        self.retired = False

    def serves(self, plan: _Plan) -> bool:
        return self.plan == plan and self.wall.alive and self.started < MOST_RUNS

    def close_if_over(self) -> None:
        if self.retired and not self.active:
            self.wall.close()


class Walls:
    """Gives each run a process behind a wall, which is prepared anew when what it shows, or is for, has changed."""

    def __init__(self, place: Workspace, settings: Settings) -> None:
        self._place = place
        self._settings = settings
        self._chosen: dict[str, Choice] = {}
        self._kept: _Kept | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._system = (*system_mounts(), Path(__file__).resolve().parents[1])

    def choose(self, sandbox: str | None) -> Choice:
        """The sandbox that a run gets; probed once. Raises SandboxUnavailableError, UsageError."""
        name = sandbox or self._settings.sandbox.backend or AUTO
        if name not in self._chosen:
            self._chosen[name] = choose(name)
        return self._chosen[name]

    def prepare(self, backend: Backend) -> _Kept:
        """A wall for the next run: the one that is kept if it serves. Doesn't block.

        Raises WorkspaceError, also where packages that codegen.toml names aren't installed.
        """
        plan = self._plan(backend)
        if self._kept is None or not self._kept.serves(plan):
            self._retire()
            if packages := self._packages():
                packages.touch()
            self._kept = _Kept(plan, backend.prepare(plan.view))
        return self._kept

    async def start(self, backend: Backend, time_limit: float) -> Child:
        """A process that waits for its script; `release` it when its run is over."""
        kept = self.prepare(backend)
        if self._idle is not None:
            self._idle.cancel()
        kept.started += 1
        kept.active += 1
        return await start_child(kept.wall, self._place.root, self._limits(time_limit), lambda: self._over(kept))

    def _over(self, kept: _Kept) -> None:
        kept.active -= 1
        kept.close_if_over()
        if kept is self._kept and not kept.active:
            self._idle = asyncio.get_running_loop().call_later(IDLE_S, self._retire)

    def _retire(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.retired = True
            kept.close_if_over()

    async def close(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._retire()

    def _plan(self, backend: Backend) -> _Plan:
        """Listed anew for each run: what a person puts into the workspace is there for the next script."""
        root, data = self._place.root, self._place.data
        try:
            data.mkdir(exist_ok=True)
        except OSError as error:
            raise WorkspaceError(f"{data} can't be made: {error.strerror}", hint="scripts write there") from error
        shown = [entry for entry in sorted(root.iterdir()) if not _is_hidden(entry.name) and entry != data]
        packages = self._packages()
        libraries = (packages.library,) if packages else ()
        mounts = Mounts((*self._system, *libraries, *shown), (data,))
        view = View(Path(sys.executable), mounts, libraries, self._settings.sandbox.preload)
        return _Plan(backend.name, view, mounts.state())

    def _packages(self) -> Packages | None:
        return installed(self._settings.sandbox.packages, self._place.root)

    def _limits(self, time_limit: float) -> Limits:
        chosen = self._settings.sandbox
        return Limits(
            time_s=time_limit,
            cpu_s=int(time_limit) * 2 + 1,  # a run may keep both cores busy for all of its time
            memory_bytes=chosen.memory,
            processes=chosen.processes,
            file_bytes=chosen.file_size,
            disk_bytes=chosen.disk,
            open_files=chosen.open_files,
        )


def _is_hidden(name: str) -> bool:
    return name in HIDDEN or name.startswith(".env") or name.lstrip(".").startswith(_COPIED)
