"""Real servers that nobody here wrote, as tests/setup_servers.py installed them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

INSTALLED = Path(__file__).resolve().parents[2] / ".cache" / "servers"


@pytest.fixture
def real() -> Callable[[str], str]:
    """The path of an installed server's program, by its name or from .cache/servers; skips where there is none."""

    def program(name: str) -> str:
        for place in (f"node_modules/.bin/{name}", f"venv/bin/{name}", name):
            if (path := INSTALLED / place).exists():
                return str(path)
        pytest.skip(f"{name} isn't installed: make servers")

    return program


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with two commits."""
    root = tmp_path / "repository"
    git = ["git", "-C", str(root), "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    for message in ("The first one", "The second one"):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", message], check=True, env=os.environ)
    return root
