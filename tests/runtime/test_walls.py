from __future__ import annotations

import asyncio
import subprocess
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from codegen.config.paths import Workspace
from codegen.config.settings import Settings
from codegen.errors import UsageError, WorkspaceError
from codegen.runtime.walls import Walls
from codegen.sandbox.backend import Availability, Spec
from codegen.sandbox.process import Process


@dataclass
class Sleeping:
    """A backend whose processes only wait; it remembers what it was asked for."""

    name: str = "sleeping"
    confines: bool = True
    specs: list[Spec] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)

    def probe(self) -> Availability:
        return Availability(works=True)

    def start(self, spec: Spec) -> Process:
        self.specs.append(spec)
        made = Process(subprocess.Popen(["sleep", "600"], stdout=spec.stdout, stderr=spec.stderr))
        self.processes.append(made)
        return made


@pytest.fixture
def place(tmp_path):
    root = tmp_path / "my wörk"
    for name in ("servers", "scripts", ".codegen", ".git", ".claude", ".venv"):
        (root / name).mkdir(parents=True)
    for name in ("mcp.json", ".mcp.json", "codegen.toml", ".env", ".env.local", "README.md"):
        (root / name).write_text("SECRET")
    return Workspace(root)


@asynccontextmanager
async def made(place: Workspace):
    walls, backend = Walls(place, Settings()), Sleeping()
    try:
        yield walls, backend
    finally:
        await walls.close()
        assert all(process.returncode is not None for process in backend.processes), "nobody is left behind"


def within(place: Workspace, paths) -> set[str]:
    return {str(path.relative_to(place.root)) for path in paths if path.is_relative_to(place.root)}


def test_a_script_sees_the_workspace_without_its_settings_and_secrets_and_writes_data_alone(place):
    async def main():
        async with made(place) as (walls, backend):
            await (await walls.start(backend, 300)).kill()
        mounts = backend.specs[0].mounts
        assert within(place, mounts.read_only) == {"servers", "scripts", "README.md"}
        assert within(place, mounts.writable) == {"data"}
        assert backend.specs[0].cwd == place.root

    asyncio.run(main())


def test_its_environment_is_the_same_for_everyone(place, monkeypatch):
    monkeypatch.setenv("MY_SECRET", "x")

    async def main():
        async with made(place) as (walls, backend):
            await (await walls.start(backend, 300)).kill()
        assert set(backend.specs[0].environment) == {
            "PATH", "HOME", "LANG", "PYTHONDONTWRITEBYTECODE", "CODEGEN_CHANNEL", "CODEGEN_WORKSPACE",
        }  # fmt: skip

    asyncio.run(main())


def test_a_spare_serves_one_run_and_any_usual_time_limit(place):
    async def main():
        async with made(place) as (walls, backend):
            await walls.prepare(backend)
            await walls.prepare(backend)
            assert len(backend.specs) == 1, "one spare is enough"
            child = await walls.start(backend, 5)
            assert len(backend.specs) == 1
            other = await walls.start(backend, 5)
            assert len(backend.specs) == 2, "a process is never used twice"
            for each in (child, other):
                await each.kill()

    asyncio.run(main())


@pytest.mark.parametrize("change", ["new entry", "replaced entry", "longer limit", "dead spare"])
def test_a_spare_that_no_longer_fits_is_ended_and_not_used(place, change):
    async def main():
        async with made(place) as (walls, backend):
            await walls.prepare(backend)
            if change == "new entry":
                (place.root / "notes.txt").write_text("new")
            elif change == "replaced entry":
                place.servers.rename(place.root / "old")
                place.servers.mkdir()
                (place.root / "old").rmdir()
            elif change == "dead spare":
                backend.processes[0].kill()
                await backend.processes[0].ended()
            child = await walls.start(backend, 3000 if change == "longer limit" else 300)
            assert len(backend.specs) == 2
            assert backend.processes[0].returncode is not None
            assert child.alive
            await child.kill()

    asyncio.run(main())


def test_without_a_wall_nothing_is_started_ahead(place):
    async def main():
        async with made(place) as (walls, backend):
            backend.confines = False
            await walls.prepare(backend)
            assert backend.specs == []

    asyncio.run(main())


def test_an_unknown_sandbox_is_named_with_the_nearest(place):
    async def main():
        async with made(place) as (walls, _):
            with pytest.raises(UsageError, match="natve") as caught:
                walls.backend("natve")
            assert "native" in str(caught.value)

    asyncio.run(main())


def test_a_file_in_the_place_of_data_is_named(place):
    place.data.write_text("")

    async def main():
        async with made(place) as (walls, backend):
            with pytest.raises(WorkspaceError, match="data can't be made: File exists"):
                await walls.start(backend, 300)

    asyncio.run(main())
