"""Packages installed, found again, and removed; from wheels on disk, without an index."""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from packages.wheel import make_wheel

from codegen.packages.place import Packages, place_of
from codegen.packages.provide import UNUSED_S, PackagesReport, provide, remove_unused


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("UV_NO_INDEX", "UV_OFFLINE", "PIP_NO_INDEX"):
        monkeypatch.setenv(name, "1")
    return tmp_path / "cache" / "codegen" / "packages"


@pytest.fixture
def tiny(tmp_path: Path) -> tuple[str, ...]:
    return (make_wheel(tmp_path / "wheels", "tiny", {"tiny/__init__.py": "SIZE = 1\n"}),)


def get(requirements: tuple[str, ...], workspace: Path, *, may_install: bool = True) -> PackagesReport:
    report = asyncio.run(provide(requirements, workspace, may_install=may_install))
    assert report is not None
    return report


def place(requirements: tuple[str, ...], workspace: Path) -> Packages:
    found = place_of(requirements, workspace)
    assert found is not None
    return found


def size(requirements: tuple[str, ...], workspace: Path) -> str:
    """What a Python that looks into the folder sees of `tiny`."""
    folder = str(place(requirements, workspace).library)
    words = [sys.executable, "-c", f"import sys; sys.path.insert(0, {folder!r}); import tiny; print(tiny.SIZE)"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def test_a_wheel_is_installed_whole_and_compiled(tmp_path: Path, tiny: tuple[str, ...]) -> None:
    told: list[str] = []
    report = asyncio.run(provide(tiny, tmp_path / "work", may_install=True, tell=told.append))
    assert report is not None
    assert (report.state, report.problem) == ("installed", None)
    assert size(tiny, tmp_path / "work") == "1"
    found = place(tiny, tmp_path / "work")
    assert list((found.library / "tiny" / "__pycache__").glob("*.pyc"))
    assert sorted(path.name for path in found.folder.iterdir()) == ["lib", "lock"]
    assert told == [f"packages: installing {tiny[0]} …"]


def test_what_is_there_is_found_without_starting_anything(
    tmp_path: Path, tiny: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    get(tiny, tmp_path / "work")
    folder = place(tiny, tmp_path / "work").folder
    os.utime(folder, (1, 1))
    monkeypatch.setattr("asyncio.create_subprocess_exec", None)
    assert get(tiny, tmp_path / "another").state == "present"
    assert folder.stat().st_mtime > 1  # it is in use


@pytest.mark.long
def test_pip_does_it_where_there_is_no_uv(
    tmp_path: Path, tiny: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    python = Path(sys.executable).resolve()
    if python.with_name("uv").exists():
        pytest.skip("uv lies beside every Python here")
    monkeypatch.setattr("sys.executable", str(python))
    monkeypatch.setattr("shutil.which", lambda _: None)
    report = get(tiny, tmp_path / "work")
    assert (report.state, report.problem) == ("installed", None)
    assert size(tiny, tmp_path / "work") == "1"
    assert sorted(path.name for path in place(tiny, tmp_path / "work").folder.iterdir()) == ["lib", "lock"]
    failed = get((*tiny, "no-such-package>=3"), tmp_path / "work")
    assert failed.problem is not None
    assert failed.problem.what.startswith("no-such-package>=3 can't be installed: ")


def test_a_failure_names_the_requirement_quotes_the_reason_and_leaves_nothing(
    tmp_path: Path, tiny: tuple[str, ...]
) -> None:
    wanted = (*tiny, "no-such-package>=3")
    report = get(wanted, tmp_path / "work")
    assert report.state == "failed"
    assert report.problem is not None
    assert report.problem.what.startswith("no-such-package>=3 can't be installed: ")
    assert "not found" in report.problem.what
    assert "codegen.toml" in report.problem.hint
    assert [path.name for path in place(wanted, tmp_path / "work").folder.iterdir()] == ["lock"]


def test_no_requirement_is_read_as_an_option(tmp_path: Path, tiny: tuple[str, ...]) -> None:
    """The reader of codegen.toml refuses these already."""
    for text in ("--help", f"--requirement={tmp_path / 'list'}", "-r"):
        report = get((text, *tiny), tmp_path / "work")
        assert report.state == "failed", text


def test_nothing_is_built_from_source(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "setup.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nimport setuptools\nsetuptools.setup()\n")
    assert get((f"evil @ {source.as_uri()}",), tmp_path / "work").state == "failed"
    assert not (tmp_path / "ran").exists()


def test_without_leave_to_install_it_says_that_they_are_missing_and_makes_nothing(
    tmp_path: Path, tiny: tuple[str, ...], cache: Path
) -> None:
    report = get(tiny, tmp_path / "work", may_install=False)
    assert report.state == "missing"
    assert report.problem is not None
    assert report.problem.hint == "codegen sync"
    assert not cache.exists()


def test_two_at_once_both_end_with_the_whole(tmp_path: Path, tiny: tuple[str, ...]) -> None:
    async def both() -> list[PackagesReport | None]:
        return await asyncio.gather(*(provide(tiny, tmp_path / "work", may_install=True) for _ in range(2)))

    assert [report and report.state for report in asyncio.run(both())] == ["installed", "installed"]
    assert size(tiny, tmp_path / "work") == "1"


def test_what_a_killed_sync_left_is_swept(tmp_path: Path, tiny: tuple[str, ...]) -> None:
    found = place(tiny, tmp_path / "work")
    (found.making / "lib").mkdir(parents=True)
    (found.making / "lib" / "half.py").write_text("")
    assert get(tiny, tmp_path / "work").state == "installed"
    assert not (found.library / "half.py").exists()
    assert not found.making.exists()


def test_an_interrupted_installation_ends_its_processes_and_leaves_nothing(
    tmp_path: Path, tiny: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installer that never ends, which says that it has begun."""
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(f"#!/bin/sh\nmkdir lib\necho $$ > '{begun}'\nexec sleep 600\n")
    uv.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(uv.with_name("python")))

    async def interrupted() -> int:
        task = asyncio.create_task(provide(tiny, tmp_path / "work", may_install=True))
        pid = int(await asyncio.to_thread(begun.read_text))
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        return pid

    with pytest.raises(ProcessLookupError):
        os.kill(asyncio.run(interrupted()), 0)
    found = place(tiny, tmp_path / "work")
    assert [path.name for path in found.folder.iterdir()] == ["lock"]
    with found.lock.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_what_no_workspace_used_for_a_month_is_removed(tmp_path: Path, cache: Path) -> None:
    now = time.time()
    for name, age in (("old", UNUSED_S + 60), ("used", UNUSED_S - 60), ("busy", UNUSED_S + 60)):
        (cache / name / "lib").mkdir(parents=True)
        (cache / name / "lock").touch()
        os.utime(cache / name, (now - age, now - age))
    with (cache / "busy" / "lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert remove_unused(now) == (cache / "old",)
    assert sorted(path.name for path in cache.iterdir()) == ["busy", "used"]


def test_nothing_is_removed_where_nothing_is(cache: Path) -> None:
    assert remove_unused(time.time()) == ()
    assert not cache.exists()
