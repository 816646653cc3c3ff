"""One workspace with many servers for the tests that only run scripts in it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from conftest import CODEGEN, Commands


@pytest.fixture(scope="session")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """Servers `counting`, `dying`, `awkward` and `answers`, synced once; no test changes it."""
    folder = tmp_path_factory.mktemp("yard")
    root = folder / "mein Höf 数据"
    root.mkdir()
    (folder / "home").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CLAUDE", "CODEGEN"))}
    commands = Commands(
        root, kept | {"HOME": str(folder / "home"), "PATH": f"{CODEGEN.parent}{os.pathsep}{os.environ['PATH']}"}
    )
    commands("init", ".")
    for name in ("counting", "dying", "awkward", "answers"):
        commands.add(name, f"{name}.py")
    commands("sync")
    yield commands
    commands("broker", "stop", code=None)
