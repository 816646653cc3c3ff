"""An interpreter written in Rust for a subset of Python, where nothing else can be had: PyPI's `pydantic-monty`.

No system call can be said in its language: what a script reaches is what it is handed, and it is handed the tools.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib import util

from codegen.extras import install
from codegen.sandbox.backend import Availability, View, Wall
from codegen.sandbox.forkserver import ForkServer, Kind
from codegen.sandbox.guests.prove import prove

RUNNER = "codegen.sandbox.guests.inside_monty"
SERIES = "1.4."
"""The releases that `inside_monty` was written for: the API of 0.0 broke at 1.0, and what is called here came later."""

WEAKER = (
    "it runs a subset of Python: no class inheritance, generators or del, few modules, none that was installed",
    "it has no files at all: data/ can be neither read nor written",
    "ToolError is RuntimeError, without .server, .tool and .message; str(error) says it all",
    "gather runs `lambda: tool(...)` side by side, other functions one after another",
    "the interpreter's own process is held by Landlock where the kernel has it, by nothing else",
)


class Monty:
    """Starts warm: the package is imported once, each run has an interpreter process of its own."""

    name = "monty"
    confines = True

    def probe(self) -> Availability:
        """Run a small script in it."""
        if sys.platform != "linux":
            return _missing(f"untried on {sys.platform}", "run codegen on Linux")
        if util.find_spec("pydantic_monty") is None:
            return _missing("pydantic-monty is not installed")
        from importlib import metadata  # 10 ms that a broker without monty doesn't pay

        version = metadata.version("pydantic-monty")
        if not version.startswith(SERIES):
            return _missing(f"pydantic-monty {version} is installed, and {SERIES}x is needed")
        found = prove(self)
        return replace(found, weaker=WEAKER, needs_consent=True, mend="" if found.works else install("monty"))

    def prepare(self, view: View) -> Wall:
        """See `Backend.prepare`; neither mounts nor packages mean anything in there."""
        return ForkServer(replace(view, packages=(), preload=()), Kind(None, RUNNER))


def _missing(why: str, mend: str = "") -> Availability:
    return Availability(works=False, why=why, mend=mend or install("monty"), weaker=WEAKER, needs_consent=True)
