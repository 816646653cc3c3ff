"""Folders of packages in sight of scripts, and modules imported ahead in the fork server."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sandbox.conftest import Sandbox

from codegen.sandbox.native import Native
from codegen.sandbox.unconfined import Unconfined

WARM_LIMIT_S = 30


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder of packages, below /tmp and outside of the workspace."""
    folder = tmp_path / "cache" / "lib"
    folder.mkdir(parents=True)
    (folder / "good.py").write_text("import os\nPID = os.getpid()\n")
    return folder


@pytest.fixture(params=["native", "none"])
def sandbox(request: pytest.FixtureRequest, make: Callable[..., Sandbox], library: Path) -> Sandbox:
    backend = request.getfixturevalue("native_backend") if request.param == "native" else Unconfined()
    made = make(backend)
    made.packages = (library,)
    return made


@pytest.fixture
def lesser(make: Callable[..., Sandbox], native_backend: Native, library: Path) -> Sandbox:
    """Landlock and seccomp alone, as where no namespace can be had."""
    backend = Native()
    backend._kind = "landlock"
    made = make(backend)
    made.packages = (library,)
    return made


def is_loaded(sandbox: Sandbox, name: str) -> bool:
    return bool(sandbox.value(f"{name!r} in sys.modules"))


def wait_for(sandbox: Sandbox, name: str) -> None:
    """Run after run, until one finds the module imported."""
    end = time.monotonic() + WARM_LIMIT_S
    while not is_loaded(sandbox, name):
        assert time.monotonic() < end, f"{name} was never imported ahead"


def test_packages_come_after_the_standard_library_and_before_those_of_this_python(sandbox, library):
    for name in ("json", "mcp"):
        (library / name).mkdir()
        (library / name / "__init__.py").write_text("MINE = True\n")
    assert sandbox.value("[hasattr(json, 'MINE'), mcp.MINE]", "json, mcp") == [False, True]


def test_packages_are_read_only_behind_the_wall(make, native_backend, library):
    sandbox = make(native_backend)
    sandbox.packages = (library,)
    for name in ("good.py", "new.py"):
        assert sandbox.refused(f"open({str(library / name)!r}, 'a')") == "OSError"
    assert sandbox.value(f"os.listdir({str(library.parent)!r})") == ["lib"]


def test_path_files_of_packages_are_read_in_the_run_and_not_ahead_of_it(sandbox, library):
    (library / "more").mkdir()
    (library / "more" / "deep.py").write_text("DEEP = 3\n")
    (library / "a.pth").write_text("more\nimport sys, os; sys.read_by = os.getpid()\n")
    assert sandbox.value("[deep.DEEP, sys.read_by == os.getpid()]", "deep, sys, os") == [3, True]


def test_a_path_file_that_fails_is_the_run_s_own_trouble(sandbox, library):
    (library / "a.pth").write_text("import sys; sys.exit(3)\n")
    assert sandbox.run("pass").ending.code == 3
    (library / "a.pth").unlink()
    assert sandbox.run("pass").ending.code == 0


def test_a_module_is_imported_once_for_all_runs(sandbox):
    sandbox.preload = ("good",)
    wait_for(sandbox, "good")
    pids = {sandbox.value("good.PID", "good") for _ in range(2)}
    assert len(pids) == 1
    assert sandbox.value("good.PID == os.getpid()", "good, os") is False


BAD = {
    "raises": "raise ValueError('no' + chr(10) + 'way')",
    "exits": "raise SystemExit(0)",
    "interrupts": "raise KeyboardInterrupt",
    "ends_at_once": "import os\nos._exit(0)",
    "crashes": "import os\nos.abort()",
    "starts_threads": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    "starts_processes": "import subprocess\nCHILD = subprocess.Popen(['sleep', '60'])",
    "has_a_bad_repr": "class Bad(Exception):\n    def __repr__(self):\n        raise self\nraise Bad",
    "is_not_there": None,
}


def test_what_fails_is_left_out_with_a_reason_and_the_rest_goes_on(sandbox, library, capfd):
    for name, text in BAD.items():
        if text is not None:
            (library / f"{name}.py").write_text(text + "\n")
    sandbox.preload = (*BAD, "good")
    wait_for(sandbox, "good")
    assert len(sandbox.walls) == 1  # the same fork server all the time
    assert sandbox.value(f"[name for name in {[*BAD]} if name in sys.modules]") == []
    said = capfd.readouterr().err.splitlines()
    assert [line.split(" ")[1] for line in said] == [*BAD]
    reasons = dict(zip(BAD, said, strict=True))
    assert reasons["raises"] == "codegen: raises is not imported ahead: it raised ValueError('no\\nway')"
    assert reasons["starts_threads"].endswith("it starts threads, which no fork takes along")
    assert reasons["starts_processes"].endswith("it starts processes, which no fork takes along")
    assert reasons["crashes"].endswith("it ended its process")


def test_runs_don_t_wait_for_a_module_that_never_returns(sandbox, library):
    (library / "hangs.py").write_text("import threading\nthreading.Event().wait()\n")
    sandbox.preload = ("hangs", "good")
    start = time.monotonic()
    assert [sandbox.value("6 * 7") for _ in range(3)] == [42, 42, 42]
    assert time.monotonic() - start < WARM_LIMIT_S


def test_no_package_is_imported_where_the_fork_server_is_not_behind_the_wall(lesser, library, capfd):
    (library / "escapes.py").write_text(f"open({str(library.parent / 'escaped')!r}, 'w')\n")
    lesser.preload = ("escapes",)
    assert lesser.value("good.PID == os.getpid()", "good, os") is True
    assert "escapes is not imported ahead: without namespaces" in capfd.readouterr().err
    assert not (library.parent / "escaped").exists()


def test_no_two_runs_draw_the_same_random_numbers(sandbox, library):
    """Behind each lies a state of its own, which a fork copies."""
    (library / "draws.py").write_text("import random, tempfile, uuid, secrets\nrandom.random()\n")
    sandbox.preload = ("draws",)
    wait_for(sandbox, "draws")
    kinds = (
        "random.random()", "next(tempfile._get_candidate_names())", "str(uuid.uuid4())", "str(uuid.uuid1())",
        "os.urandom(8).hex()", "secrets.token_hex(8)", "random.SystemRandom().random()",
    )  # fmt: skip
    runs = [sandbox.value(f"[{', '.join(kinds)}]", "os, random, secrets, tempfile, uuid") for _ in range(3)]
    for kind, drawn in zip(kinds, zip(*runs, strict=True), strict=True):
        assert len(set(drawn)) == len(drawn), kind
