from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from codegen.sandbox.linux import landlock

TRY = """
import os, socket, sys
sys.path.append(sys.argv[1])
from codegen.sandbox import view
from codegen.sandbox.guests import lock
lock.lock([*map(os.fspath, view.system_mounts())])
print(len(os.listdir(os.path.dirname(os.__file__))) > 0)
for attempt in (
    lambda: open(sys.argv[2]).read(),
    lambda: open(sys.argv[2], "a"),
    lambda: open("/tmp/codegen-lock", "w"),
    lambda: open("/proc/self/environ").read(),
    lambda: socket.create_connection(("127.0.0.1", 9)),
):
    try:
        print(attempt())
    except OSError as error:
        print(type(error).__name__)
"""


def test_what_breaks_out_of_an_interpreter_still_reads_and_writes_nothing(tmp_path):
    if landlock.version() < 4:
        pytest.skip("this kernel's Landlock doesn't hold TCP")
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    packages = Path(landlock.__file__).parents[2]
    command = [sys.executable, "-c", TRY, str(packages), str(secret)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == (["True", *["PermissionError"] * 5], "")
    assert not Path("/tmp/codegen-lock").exists()
