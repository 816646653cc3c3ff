"""The whole way to a script and back, with a stand-in for the engine: its client runs what a container would."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from codegen.sandbox.backend import Limits
from codegen.sandbox.containers.containers import Containers

MIB = 1 << 20
INFO = {"ServerVersion": "1", "MemoryLimit": True, "PidsLimit": True, "Runtimes": {"runc": {}}}


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """The folder of its state."""
    folder = tmp_path / "engine"
    for name in ("images", "containers"):
        (folder / "state" / name).mkdir(parents=True)
    (folder / "state" / "info").write_text(json.dumps(INFO))
    source = Path(__file__).with_name("stand_in_engine.py").read_text()
    (folder / "docker").write_text(f"#!{sys.executable} -S\n{source}")
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return folder / "state"


@pytest.fixture
def box(make, engine):
    backend = Containers("docker")
    assert backend.probe().works
    return make(backend)


def commands(engine: Path, verb: str) -> list[list[str]]:
    lines = [json.loads(line) for line in (engine / "commands").read_text().splitlines()]
    return [words for words in lines if words[0] == verb]


def test_a_result_and_both_streams_come_back(box):
    outcome = box.run(
        "import sys\ndef main(x):\n    print('öut')\n    print('err', file=sys.stderr)\n    return x",
        arguments={"x": [1, None]},
    )
    assert (outcome.result, outcome.stdout, outcome.stderr) == ([1, None], "öut\n", "err\n")


def test_the_channel_is_the_scripts_in_both_directions(box):
    run = box.begin()
    run.send(box.start_frame("import os\nos.write(3, b'ask\\x00')\nprint(os.read(3, 6).decode())"))
    assert run.channel.recv(4) == b"ask\x00"
    run.channel.sendall(b"answer")
    assert run.process.wait(10).code == 0
    assert os.read(run.stdout, 20) == b"answer\n"


def test_an_exit_status_and_a_signal_are_told(box):
    assert box.run("raise SystemExit(7)").ending.code == 7
    assert "SIGSEGV" in box.run("import os\nos.kill(os.getpid(), 11)").ending.text


def test_limits_are_held_and_named(box):
    assert box.run("while True: pass", limits=Limits(cpu_s=1)).ending.limit == "cpu"
    held = "import os, time\nfor _ in range(4):\n    if not os.fork():\n        x = b'x' * (80 << 20)\n"
    held += "        time.sleep(60)\ntime.sleep(60)"
    assert box.run(held, limits=Limits(memory_bytes=200 * MIB)).ending.limit == "memory"


def test_the_image_is_made_once(box, engine):
    box.run("pass")
    box.run("pass")
    assert len(commands(engine, "import")) == 1
    assert len(list((engine / "images").iterdir())) == 1


def test_an_image_that_was_removed_is_made_again_for_the_run_that_misses_it(box, engine):
    for image in (engine / "images").iterdir():
        image.unlink()
    assert box.run("def main():\n    return 1").result == 1


def test_a_run_that_ends_by_itself_needs_no_removal(box, engine):
    box.run("pass")
    assert commands(engine, "rm") == []


def test_killing_a_run_removes_its_container_by_name(box, engine):
    run = box.begin()
    run.send(box.start_frame("import time\nprint('up', flush=True)\ntime.sleep(60)"))
    assert os.read(run.stdout, 3) == b"up\n"
    run.process.kill()
    assert run.process.wait(10).reason == "killed"
    name = commands(engine, "run")[-1][4]
    assert commands(engine, "rm")[0][-1] == name
    assert os.read(run.stdout, 1) == b""


def test_an_engine_that_refuses_is_quoted(box, engine, monkeypatch):
    shutil.rmtree(engine / "images")
    ending = box.run("print('ran')").ending
    assert ending.reason == "sandbox"
    assert ending.text.startswith("the sandbox could not be built: docker: Error response from daemon: No such image")


def test_a_folder_that_the_containers_user_cannot_write_to_is_no_sandbox(box, workspace):
    (workspace / "data").chmod(0o555)
    if os.access(workspace / "data", os.W_OK):
        pytest.skip("root may write anywhere")
    assert "can't write to it" in box.run("print('ran')").ending.text


def test_a_writable_path_that_is_a_link_runs_nothing(box, workspace):
    (workspace / "data").rmdir()
    (workspace / "data").symlink_to("/etc")
    outcome = box.run("print('ran')")
    assert (outcome.ending.reason, outcome.stdout) == ("sandbox", "")
    assert "a writable path must be a real folder" in outcome.ending.text


def test_closing_a_wall_ends_what_runs_behind_it(box):
    run = box.begin()
    for wall in box.walls.values():
        wall.close()
        assert not wall.alive
    assert run.process.wait(10).reason == "killed"


def test_a_spare_that_is_not_needed_goes_quietly(box):
    run = box.begin()
    run.channel.close()
    assert run.process.wait(10).code == 0


def test_a_large_output_arrives_whole_while_it_is_read(box):
    run = box.begin()
    run.send(box.start_frame("import sys\nsys.stdout.write('x' * 3_000_000)"))
    size = 0
    while size < 3_000_000:
        size += len(os.read(run.stdout, 1 << 16))
    assert run.process.wait(10).code == 0


def test_an_end_is_told_although_nobody_reads_what_was_printed(box):
    run = box.begin()
    run.send(
        box.start_frame(
            "import sys\nsys.stdout.write('x' * 3_000_000)",
        )
    )
    os.close(run.stdout)
    run.stdout = os.open(os.devnull, os.O_RDONLY)
    assert run.process.wait(10).code in {1, 120}, "a broken pipe, as anywhere"


def test_where_no_client_is_installed_the_probe_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    found = Containers("podman").probe()
    assert (found.works, found.why, found.mend) == (False, "podman isn't installed", "install podman")


def test_a_client_without_its_engine_is_quoted_and_mended(engine):
    (engine / "info").write_text("")
    found = Containers("docker").probe()
    assert not found.works
    assert found.why.startswith("no engine answers")
    assert "start its engine" in found.mend
    assert commands(engine, "run") == []


def test_what_the_engine_cannot_bound_is_said_to_be_weaker(engine):
    (engine / "info").write_text(json.dumps(INFO | {"MemoryLimit": False}))
    found = Containers("docker").probe()
    assert found.works
    assert any("memory" in words for words in found.weaker)


def test_gvisor_is_tried_first_and_left_where_it_fails(engine):
    (engine / "info").write_text(json.dumps(INFO | {"Runtimes": {"runc": {}, "runsc": {}}}))
    found = Containers("docker").probe()
    assert found.works
    assert found.why == "runsc: docker: Error response from daemon: runsc can't start"
    asked = ["runsc" in words[:30] for words in commands(engine, "run")]
    assert asked[-1] is False, asked
    assert set(asked[:-1]) == {True}
