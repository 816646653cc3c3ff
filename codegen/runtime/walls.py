"""Where scripts run: the sandbox chosen for this workspace, and one process kept started ahead of the next run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from codegen.config.paths import Workspace
from codegen.config.settings import Settings
from codegen.errors import WorkspaceError
from codegen.runtime.child import Child, start_child
from codegen.sandbox.backend import Backend, Limits, Mounts
from codegen.sandbox.choose import choose
from codegen.sandbox.view import system_mounts

HIDDEN = {"mcp.json", ".mcp.json", "codegen.toml", ".codegen", ".git", ".claude", ".venv"}
"""Entries of a workspace that a script doesn't see; nor any whose name begins with `.env`."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a process is started with; a spare serves only a run that would start the same."""

    backend: str
    mounts: Mounts
    limits: Limits
    state: tuple[tuple[str, int, int], ...]


class Walls:
    """Starts a process for each run; none is ever used twice."""

    def __init__(self, place: Workspace, settings: Settings) -> None:
        self._place = place
        self._settings = settings
        self._chosen: dict[str, Backend] = {}
        self._spare: tuple[_Plan, Child] | None = None
        self._system = (*system_mounts(), Path(__file__).resolve().parents[1])

    def backend(self, sandbox: str | None) -> Backend:
        """The backend that a run gets; probed once. Raises SandboxUnavailableError, UsageError."""
        name = sandbox or self._settings.sandbox.backend
        if name not in self._chosen:
            self._chosen[name] = choose(name)
        return self._chosen[name]

    async def start(self, backend: Backend, time_limit: float) -> Child:
        """A process that waits for its script: the spare one if it fits."""
        plan = self._plan(backend, time_limit)
        spare, self._spare = self._spare, None
        if spare is not None:
            known, child = spare
            if known == plan and child.alive:
                return child
            await child.kill()
        return await self._start(backend, plan)

    async def prepare(self, backend: Backend) -> None:
        """Start a process ahead of the next run, when none waits and a wall makes that worth it."""
        if self._spare is None and backend.confines:
            plan = self._plan(backend, self._settings.run.time_limit)
            child = await self._start(backend, plan)
            if self._spare is None:
                self._spare = (plan, child)
            else:
                await child.kill()

    async def close(self) -> None:
        spare, self._spare = self._spare, None
        if spare is not None:
            await spare[1].kill()

    async def _start(self, backend: Backend, plan: _Plan) -> Child:
        return await start_child(backend, plan.mounts, self._place.root, plan.limits)

    def _plan(self, backend: Backend, time_limit: float) -> _Plan:
        """Listed anew for each run: what a person puts into the workspace is there for the next script."""
        root, data = self._place.root, self._place.data
        try:
            data.mkdir(exist_ok=True)
        except OSError as error:
            raise WorkspaceError(f"{data} can't be made: {error.strerror}", hint="scripts write there") from error
        shown = [
            entry
            for entry in sorted(root.iterdir())
            if entry.name not in HIDDEN and not entry.name.startswith(".env") and entry != data
        ]
        mounts = Mounts((*self._system, *shown), (data,))
        return _Plan(backend.name, mounts, self._limits(time_limit), mounts.state())

    def _limits(self, time_limit: float) -> Limits:
        chosen = self._settings.sandbox
        return Limits(  # without the time, which the broker itself holds: a spare serves a run with any
            # A run may keep both cores busy for all of its time.
            cpu_s=int(max(time_limit, self._settings.run.time_limit)) * 2 + 1,
            memory_bytes=chosen.memory,
            processes=chosen.processes,
            file_bytes=chosen.file_size,
        )
