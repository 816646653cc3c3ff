from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager

import pytest

from codegen.config.paths import Workspace
from codegen.config.settings import SandboxSettings, Settings
from codegen.errors import UsageError, WorkspaceError
from codegen.packages.place import place_of
from codegen.runtime.walls import Walls
from codegen.sandbox.fake import Fake


@pytest.fixture
def place(tmp_path):
    root = tmp_path / "my wörk"
    for name in ("servers", "scripts", ".codegen", ".git", ".claude", ".venv"):
        (root / name).mkdir(parents=True)
    copies = ("mcp.json~", ".mcp.json.123.tmp", ".mcp.json.swp", "codegen.toml.orig")
    for name in ("mcp.json", ".mcp.json", "codegen.toml", ".env", ".env.local", "README.md", *copies):
        (root / name).write_text("SECRET")
    return Workspace(root)


@asynccontextmanager
async def made(place: Workspace):
    walls, backend = Walls(place, Settings()), Fake()
    try:
        yield walls, backend
    finally:
        await walls.close()
        assert not any(wall.alive for wall in backend.walls), "nobody is left behind"


def within(place: Workspace, paths) -> set[str]:
    return {str(path.relative_to(place.root)) for path in paths if path.is_relative_to(place.root)}


def test_a_script_sees_the_workspace_without_its_settings_and_secrets_and_writes_data_alone(place):
    async def main():
        async with made(place) as (walls, backend):
            await (await walls.start(backend, 300)).close()
            mounts = backend.views[0].mounts
            assert within(place, mounts.read_only) == {"servers", "scripts", "README.md"}
            assert within(place, mounts.writable) == {"data"}
            assert backend.walls[0].specs[0].cwd == place.root

    asyncio.run(main())


def test_its_environment_is_the_same_for_everyone(place, monkeypatch):
    monkeypatch.setenv("MY_SECRET", "x")

    async def main():
        async with made(place) as (walls, backend):
            await (await walls.start(backend, 300)).close()
            assert set(backend.walls[0].specs[0].environment) == {
                "PATH", "HOME", "LANG", "PYTHONDONTWRITEBYTECODE", "CODEGEN_CHANNEL", "CODEGEN_TOKEN",
                "CODEGEN_WORKSPACE",
            }  # fmt: skip

    asyncio.run(main())


def test_one_wall_serves_all_runs_each_within_its_own_limits(place):
    async def main():
        async with made(place) as (walls, backend):
            children = [await walls.start(backend, limit) for limit in (5, 5, 3000)]
            assert len(backend.walls) == 1
            assert [spec.limits.time_s for spec in backend.walls[0].specs] == [5, 5, 3000]
            for child in children:
                await child.close()

    asyncio.run(main())


@pytest.mark.parametrize("change", ["new entry", "replaced entry", "dead wall", "many runs"])
def test_a_wall_that_no_longer_serves_is_replaced_and_closed_when_its_last_run_has_ended(place, change, monkeypatch):
    async def main():
        async with made(place) as (walls, backend):
            child = await walls.start(backend, 300)
            if change == "new entry":
                (place.root / "notes.txt").write_text("new")
            elif change == "replaced entry":
                place.servers.rename(place.root / "old")
                place.servers.mkdir()
                (place.root / "old").rmdir()
            elif change == "dead wall":
                monkeypatch.setattr(backend.walls[0], "alive", False)
                monkeypatch.setattr(backend.walls[0], "close", lambda: None)
            else:
                monkeypatch.setattr("codegen.runtime.walls.MOST_RUNS", 1)
            other = await walls.start(backend, 300)
            assert len(backend.walls) == 2
            if change != "dead wall":
                assert backend.walls[0].alive, "a run is still going on behind it"
                await child.close()
                assert not backend.walls[0].alive
            await other.close()
            assert backend.walls[1].alive
            await child.close()

    asyncio.run(main())


def test_a_wall_that_nobody_uses_is_let_go_of(place, monkeypatch):
    monkeypatch.setattr("codegen.runtime.walls.IDLE_S", 0.0)

    async def main():
        async with made(place) as (walls, backend):
            child = await walls.start(backend, 300)
            await asyncio.sleep(0)
            assert backend.walls[0].alive
            await child.close()
            while backend.walls[0].alive:
                await asyncio.sleep(0)

    asyncio.run(main())


def test_an_unknown_sandbox_is_named_with_the_nearest(place):
    async def main():
        async with made(place) as (walls, _):
            with pytest.raises(UsageError, match="natve") as caught:
                walls.choose("natve")
            assert "native" in str(caught.value)

    asyncio.run(main())


def test_a_file_in_the_place_of_data_is_named(place):
    place.data.write_text("")

    async def main():
        async with made(place) as (walls, backend):
            with pytest.raises(WorkspaceError, match="data can't be made: File exists"):
                await walls.start(backend, 300)

    asyncio.run(main())


def test_packages_and_what_is_imported_ahead_are_the_wall_s_own_and_in_use(place, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    settings = Settings(sandbox=SandboxSettings(packages=("tiny",), preload=("tiny",)))
    found = place_of(settings.sandbox.packages, place.root)

    async def main():
        walls, backend = Walls(place, settings), Fake()
        with pytest.raises(WorkspaceError, match=r"aren't installed: tiny\n.*codegen sync"):
            walls.prepare(backend)
        found.library.mkdir(parents=True)
        os.utime(found.folder, (1, 1))
        walls.prepare(backend)
        assert found.folder.stat().st_mtime > 1
        (view,) = backend.views
        assert (view.packages, view.preload) == ((found.library,), ("tiny",))
        assert found.library in view.mounts.read_only
        found.library.rename(tmp_path / "old")
        found.library.mkdir()
        walls.prepare(backend)
        assert len(backend.views) == 2, "packages that were installed again are other packages"
        await walls.close()

    asyncio.run(main())
