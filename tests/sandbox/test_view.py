from __future__ import annotations

import sys
from pathlib import Path

from codegen.sandbox.view import system_mounts


def test_python_and_its_packages_are_in_view():
    mounts = system_mounts()
    for path in (Path(sys.base_prefix) / "lib", Path(sys.prefix) / "lib", Path(sys.executable)):
        assert any(path == mount or path.is_relative_to(mount) for mount in mounts)


def test_a_prefix_is_never_shown_whole(monkeypatch, tmp_path):
    """It may be a home folder, or the workspace with its secrets."""
    for name in ("bin", "lib", "private"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path))
    shown = {path for path in system_mounts() if path == tmp_path or path.is_relative_to(tmp_path)}
    assert shown == {tmp_path / "bin", tmp_path / "lib"}
