"""Runs sources behind a wall as the broker does, through the Backend protocol and nothing else."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siege.decoys import open_up

from codegen.model import JsonObject
from codegen.runtime.child import Child, start_child
from codegen.sandbox.backend import Backend, ExecResult, Limits, Mounts, View, Wall
from codegen.sandbox.inside import warden
from codegen.sandbox.verdict import by_limit
from codegen.sandbox.view import system_mounts

END_S = 2.0
"""Seconds within which a run's processes must be gone once it is said to have ended."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended, what its `main` returned and what it printed."""

    ending: ExecResult
    value: Any
    stdout: str
    stderr: str


class Field:
    """One backend, its wall around one workspace, and the processes that come from it."""

    def __init__(self, backend: Backend, python: Path, workspace: Path) -> None:
        shown = tuple(workspace / name for name in ("servers", "skills", "scripts", "attacks"))
        self._view = View(python, Mounts((*system_mounts(), *shown), (workspace / "data",)))
        self._backend = backend
        self.workspace = workspace
        self.wall: Wall = backend.prepare(self._view)

    async def start(self, limits: Limits) -> Child:
        """A run that waits for its script; a wall that has died is prepared again."""
        if not self.wall.alive:
            self.wall.close()
            self.wall = self._backend.prepare(self._view)
        return await start_child(self.wall, self.workspace, limits, lambda: None)

    async def run(self, source: str, arguments: JsonObject | None = None, limits: Limits | None = None) -> Outcome:
        limits = limits or Limits(time_s=60)
        child = await self.start(limits)
        try:
            async with asyncio.timeout(limits.time_s):
                await child.begin(self.frame(source, arguments))
                await child.serve(_unanswered)
        except TimeoutError:
            child.end(by_limit("time"))
        finally:
            await child.close()
        assert child.ended is not None
        return Outcome(child.ended, child.result, child.stdout.text, child.stderr.text)

    def frame(self, source: str, arguments: JsonObject | None = None) -> JsonObject:
        start = {"source": source, "file": str(self.workspace / "scripts" / "attack.py"), "argv": []}
        start["path"] = [str(self.workspace)]
        return {"start": start | {"arguments": arguments, "call_main": True}}

    def processes(self) -> list[int]:
        """Of runs, wherever they are by now: all whose current folder is the workspace, seen from outside."""
        place = self.workspace.stat()
        return [pid for pid in warden.everyone() if _is_in(pid, (place.st_dev, place.st_ino))]

    def left_after(self, seconds: float = END_S) -> list[int]:
        """The processes of runs that are still there when their time to end is over; they are ended by this."""
        end = time.monotonic() + seconds
        while (left := self.processes()) and time.monotonic() < end:
            os.sched_yield()
        for pid in left:
            os.kill(pid, 9)
        return left

    def clear(self) -> None:
        """Empty data/: what lies there counts for the next run too when it touches it."""
        data = self.workspace / "data"
        open_up(data)
        for path in data.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def close(self) -> None:
        self.wall.close()


def _is_in(pid: int, place: tuple[int, int]) -> bool:
    try:
        found = os.stat(f"/proc/{pid}/cwd")
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == place


async def _unanswered(_message: JsonObject) -> JsonObject:
    return {"error": "nobody answers attacks"}
