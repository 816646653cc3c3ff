"""Where packages lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.errors import ConfigError, WorkspaceError
from codegen.packages.place import installed, place_of


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_workspaces_with_the_same_list_share_one_place_whatever_its_order(tmp_path: Path, cache: Path) -> None:
    one, other = place_of(["a>=1", "b"], tmp_path / "one"), place_of(["b", "a>=1"], tmp_path / "other")
    assert one is not None
    assert other is not None
    assert one.folder == other.folder
    assert one.folder.parent == cache / "codegen" / "packages"
    assert place_of(["a>=2", "b"], tmp_path / "one") != one


def test_another_python_has_another_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = place_of(["a"], tmp_path / "work")
    monkeypatch.setattr("sysconfig.get_platform", lambda: "linux-riscv64")
    assert place_of(["a"], tmp_path / "work") != before


def test_nothing_asked_for_is_no_place(tmp_path: Path, cache: Path) -> None:
    assert place_of([], tmp_path / "work") is None
    assert installed([], tmp_path / "work") is None
    assert not cache.exists()


def test_a_run_without_its_packages_is_told_to_sync(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"aren't installed: a, b>=2\n.*codegen sync"):
        installed(["a", "b>=2"], tmp_path / "work")


def test_no_package_is_installed_where_scripts_can_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work" / "data").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "work" / "data")
    for folder in ("work/data", "link"):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / folder))
        with pytest.raises(ConfigError, match=r"inside the workspace\n.*XDG_CACHE_HOME"):
            place_of(["a"], tmp_path / "work")


def test_a_relative_cache_home_counts_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    place = place_of(["a"], tmp_path / "work")
    assert place is not None
    assert place.folder.is_relative_to(tmp_path / "home" / ".cache")
