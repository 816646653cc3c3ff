from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from conftest import CODEGEN, Commands


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """A workspace with the counting server, synced once; no test changes its servers."""
    folder = tmp_path_factory.mktemp("shelf")
    for name in ("root", "home"):
        (folder / name).mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CLAUDE", "CODEGEN"))}
    environment = kept | {"HOME": str(folder / "home"), "PATH": f"{CODEGEN.parent}{os.pathsep}{os.environ['PATH']}"}
    commands = Commands(folder / "root", environment)
    commands("init", ".")
    commands.add("counting", "counting.py")
    commands("sync")
    yield commands
    commands("broker", "stop", code=None)
