"""The trial of one module, in this very process."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from codegen.sandbox.inside import ahead
from codegen.sandbox.inside.ahead import Ahead, Trial


@pytest.fixture
def control() -> Iterator[tuple[int, int]]:
    """Where runs are asked for, and the end to ask on."""
    read, write = os.pipe()
    yield read, write
    os.close(read)
    os.close(write)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "tried_module.py"
    sys.modules.pop("tried_module", None)


def test_a_module_that_never_returns_is_given_up_and_all_it_started_ends(control, module, monkeypatch, capfd):
    monkeypatch.setattr(ahead, "TIME_LIMIT_S", 0.2)
    read, write = os.pipe()
    os.set_inheritable(write, True)
    sleeps = f"import subprocess\nsubprocess.run(['sleep', '600'], pass_fds=({write},))\n"
    module.write_text(sleeps)
    Ahead(control[0], set(), (), ["tried_module"]).go_on()
    os.close(write)
    assert select.select([read], [], [], 20)[0], "somebody still holds the pipe"
    os.close(read)
    assert "tried_module is not imported ahead: it took 0.2 s" in capfd.readouterr().err
    assert "tried_module" not in sys.modules


def test_a_run_that_is_asked_for_ends_the_waiting_and_not_the_trial(control, module):
    gate = module.with_name("gate")
    os.mkfifo(gate)
    module.write_text(f"open({str(gate)!r}).read()\n")
    trial = Trial("tried_module", control[0], set())
    os.write(control[1], b"1")
    assert trial.wait(control[0]) is None
    os.read(control[0], 1)
    gate.write_text("go on")
    assert trial.wait(control[0]) == ""


def test_nothing_is_imported_while_somebody_asks(control, module):
    module.write_text("")
    one = Ahead(control[0], set(), ["tried_module"], ())
    os.write(control[1], b"1")
    one.go_on()
    assert "tried_module" not in sys.modules
    os.read(control[0], 1)
    one.go_on()
    assert "tried_module" in sys.modules


def test_the_first_run_has_the_processors_while_it_starts(control, monkeypatch):
    waited = []
    monkeypatch.setattr(ahead, "_is_ready", lambda _descriptor, within_ms=0: bool(waited.append(within_ms)))
    children: set[int] = set()
    one = Ahead(control[0], children, (), ())
    one.go_on()
    assert not any(waited), "nobody has asked yet"
    children.add(1)
    for _ in range(3):
        one.go_on()
    assert [time for time in waited if time] == [ahead.PATIENCE_MS]
