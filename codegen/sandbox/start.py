"""Starts the launcher, outside the wall."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from codegen.sandbox.backend import Limits, Spec
from codegen.sandbox.plan import Bounds, Plan, Wall
from codegen.sandbox.process import Process

_PACKAGES = Path(__file__).resolve().parents[2]
_ENTRY = "import sys; sys.path.append(sys.argv[1]); from codegen.sandbox.launch import main; main()"


def launch(spec: Spec, wall: Wall | None) -> Process:
    """Start the launcher, which builds `wall` around itself and becomes the runner.

    The plan travels in an anonymous file as its stdin: no argument length to exceed, no pipe to fill.
    """
    plan: Plan = {
        "parent": os.getpid(),
        "channel": spec.channel,
        "cwd": os.fspath(spec.cwd),
        "limits": _bounds(spec.limits),
        "wall": wall,
    }
    with tempfile.TemporaryFile() as stdin:
        stdin.write(json.dumps(plan).encode())
        stdin.seek(0)
        return Process(
            subprocess.Popen(
                [os.fspath(spec.python), "-I", "-S", "-X", "utf8", "-c", _ENTRY, os.fspath(_PACKAGES)],
                stdin=stdin,
                stdout=spec.stdout,
                stderr=spec.stderr,
                env=dict(spec.environment),
                pass_fds=(spec.channel,),
                start_new_session=True,
            )
        )


def _bounds(limits: Limits) -> Bounds:
    """Without time and output, which are the broker's."""
    return {
        "cpu_s": limits.cpu_s,
        "memory_bytes": limits.memory_bytes,
        "processes": limits.processes,
        "file_bytes": limits.file_bytes,
        "open_files": limits.open_files,
    }
