"""The main path under every Python of this machine, and with the lowest dependencies that pyproject.toml declares.

Each has an environment of its own in .cache/environments; a Python that isn't on this machine is skipped by name.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CODEGEN, ROOT
from setup_servers import SYSTEM_CERTIFICATES

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

ENVIRONMENTS = ROOT / ".cache" / "environments"
ON_EVERY_PYTHON = ("tests/e2e/test_run.py", "tests/sandbox/test_inside.py", "tests/sandbox/test_forkserver.py")
"""What stands on the interpreter itself: running scripts, and forking."""

ON_THE_LOWEST = ("tests/e2e/test_run.py", "tests/e2e/test_protocols.py")
"""What stands on other packages: the protocol's own client first."""

FOR_TESTS = ("pytest", "pytest-timeout", "pytest-xdist", "anyio", "hypothesis")
LOCKED = ("--constraint", "requirements-dev.lock")


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_the_main_path_works_under_python(version):
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        pytest.skip("this is the Python that all tests run under")
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} isn't on this machine")
    passes_in(environment(f"python{version}", python, *LOCKED), *ON_EVERY_PYTHON, "-k", "not many_runs")


def test_the_main_path_works_with_the_lowest_declared_dependencies():
    passes_in(environment("lowest", sys.executable, "--resolution", "lowest-direct"), *ON_THE_LOWEST)


def interpreter(version: str) -> str | None:
    """A Python of that version that runs: from PATH, or one that pyenv keeps without putting it there."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    kept = sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))
    for program in (shutil.which(f"python{version}"), *map(str, kept)):
        if program and subprocess.run([program, "-V"], capture_output=True, check=False).returncode == 0:
            return program
    return None


def environment(name: str, base: str, *choice: str) -> Path:
    """Make an environment with the project in it, and what its tests need; its Python."""
    uv = str(CODEGEN.with_name("uv"))
    folder = ENVIRONMENTS / name
    python = folder / "bin" / "python"
    install = [uv, "pip", "install", "--quiet", "--python", str(python)]
    for command in (
        [uv, "venv", "--quiet", "--clear", "--no-python-downloads", "--python", base, str(folder)],
        [*install, *choice, "--editable", "."],
        [*install, *LOCKED, *FOR_TESTS],
    ):
        uses = {**os.environ, **SYSTEM_CERTIFICATES}
        done = subprocess.run(command, cwd=ROOT, env=uses, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
    return python


def passes_in(python: Path, *tests: str) -> None:
    done = subprocess.run(
        [str(python), "-m", "pytest", "-p", "no:cacheprovider", *tests],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
