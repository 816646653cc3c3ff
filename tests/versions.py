"""Run the main path's tests under other Pythons, and with the lowest dependencies that pyproject.toml declares.

    python tests/versions.py            both
    python tests/versions.py --pythons  every Python from 3.11 on that this machine has, but the one of .venv
    python tests/versions.py --lowest

Each has an environment of its own in .cache/environments. What isn't on this machine is named and left out; exit code 1
when a test fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".cache" / "environments"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
TESTS = ("tests/e2e/test_run.py", "tests/e2e/test_protocols.py", "tests/runtime", "tests/sandbox/test_inside.py")
FOR_TESTS = ("pytest", "pytest-timeout", "pytest-xdist", "anyio", "hypothesis")


def main(words: list[str]) -> int:
    chosen = set(words) or {"--pythons", "--lowest"}
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        print("uv is not installed: make setup")
        return 1
    failed = []
    if "--lowest" in chosen and not tried(uv, "lowest", sys.executable, lowest=True):
        failed.append("lowest dependencies")
    for version in PYTHONS if "--pythons" in chosen else ():
        if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
            continue
        python = interpreter(version)
        if python is None:
            print(f"Python {version}: not on this machine, left out")
        elif not tried(uv, f"python{version}", python, lowest=False):
            failed.append(f"Python {version}")
    print(f"failed: {', '.join(failed)}" if failed else "other versions: all passed")
    return 1 if failed else 0


def interpreter(version: str) -> str | None:
    """A Python of that version that runs: from PATH, or one that pyenv keeps without putting it there."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    kept = sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))
    for program in (shutil.which(f"python{version}"), *map(str, kept)):
        if program and subprocess.run([program, "-V"], capture_output=True, check=False).returncode == 0:
            return program
    return None


def tried(uv: str, name: str, base: str, *, lowest: bool) -> bool:
    """Make the environment and run the tests in it; whether they passed."""
    folder = ENVIRONMENTS / name
    python = folder / "bin" / "python"
    make = [uv, "venv", "--quiet", "--clear", "--no-python-downloads", "--python", base, str(folder)]
    resolution = ["--resolution", "lowest-direct"] if lowest else ["--constraint", "requirements-dev.lock"]
    project = [uv, "pip", "install", "--quiet", "--python", str(python), *resolution, "--editable", "."]
    testing = [uv, "pip", "install", "--quiet", "--python", str(python), "--constraint", "requirements-dev.lock"]
    for command in (make, project, [*testing, *FOR_TESTS]):
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            print(f"{name}: could not be set up")
            return False
    print(f"== {name}", flush=True)
    tests = [path for path in TESTS if (ROOT / path).exists()]
    run = [str(python), "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", *tests]
    return subprocess.run(run, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
