"""CPython in WebAssembly, under deno without permissions: Python where the kernel offers no wall.

Only under deno: node shows a script its host through `js`, whatever it is told.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from codegen.extras import install
from codegen.sandbox.backend import Availability, View, Wall
from codegen.sandbox.forkserver import ForkServer, Kind
from codegen.sandbox.guests.prove import prove

RUNNER = "codegen.sandbox.guests.inside_pyodide"
VERSION = "314.0.7"
FOLDER_VARIABLE = "CODEGEN_PYODIDE"
"""Names pyodide's folder, where it isn't in ~/.cache/codegen/node_modules."""

MEND_PYODIDE = f"npm install --ignore-scripts --prefix ~/.cache/codegen pyodide@{VERSION}"
WEAKER = (
    "it has no files of yours: data/ is not there, and what a script writes is gone with it",
    "no package that was installed is there, and no subprocess, socket or thread",
    "gather and executors do one thing after another",
    "it starts in about a second, and hashes text the same in every run",
    "deno's own process is held by Landlock where the kernel has it, by nothing else",
)


class Pyodide:
    """Starts from a snapshot of its memory; each run has a deno of its own."""

    name = "pyodide"
    confines = True

    def probe(self) -> Availability:
        """Run a small script in it, in deno, from a snapshot."""
        if sys.platform != "linux":
            return _missing(f"untried on {sys.platform}", "run codegen on Linux")
        if not find_deno():
            return _missing("deno is not installed", install("pyodide"))
        version = _version(pyodide_folder())
        if version.partition(".")[0] != VERSION.partition(".")[0]:
            found = f"is {version}, and {VERSION} is needed" if version else "is not there"
            return _missing(f"pyodide {found} ({pyodide_folder()})", MEND_PYODIDE)
        return replace(prove(self), weaker=WEAKER, needs_consent=True)

    def prepare(self, view: View) -> Wall:
        """See `Backend.prepare`; nothing is mounted in there. The runner is told what it works with."""
        tools = (pyodide_folder().resolve(), Path(find_deno()), _cache())
        return ForkServer(replace(view, packages=tools, preload=()), Kind(None, RUNNER, bound_addresses=False))


def pyodide_folder() -> Path:
    """Where pyodide's package is, or would be."""
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named).absolute()
    return _cache() / "node_modules" / "pyodide"


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "codegen"


def find_deno() -> str:
    """PyPI's deno of this environment, else one on the path; empty where there is none."""
    beside = Path(sys.executable).parent / "deno"
    return os.fspath(beside) if beside.is_file() else shutil.which("deno") or ""


def _version(folder: Path) -> str:
    try:
        if not (folder / "pyodide.asm.wasm").is_file():
            return ""
        return str(json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return ""


def _missing(why: str, mend: str) -> Availability:
    return Availability(works=False, why=why, mend=mend, weaker=WEAKER, needs_consent=True)
