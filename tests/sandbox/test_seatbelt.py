"""The profile's text, and a run's start and end behind a stand-in for sandbox-exec. No Mac has seen this."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from codegen.sandbox.backend import Limits, Mounts
from codegen.sandbox.inside.leash import seconds
from codegen.sandbox.probe import try_out
from codegen.sandbox.seatbelt import Seatbelt, profile

MIB = 1 << 20
STRING = r'"((?:[^"\\]|\\.)*)"'


def rules(text: str) -> list[tuple[str, list[str]]]:
    """Each rule as `allow file-read*` with its paths, the escapes taken away."""
    found = []
    for line in text.splitlines():
        head, paths = re.match(r"\((.*?)(?: \((?:literal|subpath) |\)$)", line), re.findall(STRING, line)
        assert head, line
        found.append((head[1], [re.sub(r"\\(.)", r"\1", path) for path in paths]))
    return found


def allowed(text: str, operation: str) -> set[str]:
    return {path for head, paths in rules(text) if head.startswith("allow ") and operation in head for path in paths}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("servers", "data/kept", "scratch"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "README.md").write_text("")
    (tmp_path / "secret").write_text("")
    (tmp_path / "link").symlink_to("secret")
    return tmp_path


def written(root: Path, *read_only: str) -> str:
    return profile(Mounts(tuple(root / name for name in read_only), (root / "data",)), str(root / "scratch"))


def test_what_is_not_allowed_is_denied(root):
    text = written(root)
    assert text.startswith("(version 1)\n(deny default)\n")
    assert "network" not in text
    assert "(allow default)" not in text


def test_parentheses_balance_outside_strings(root):
    bare = re.sub(STRING, "", written(root, "servers", "link"))
    assert bare.count("(") == bare.count(")")


def test_only_listed_paths_can_be_read(root):
    text = written(root, "servers", "README.md")
    own = {path for path in allowed(text, "file-read*") if path.startswith(str(root))}
    assert own == {str(root / name) for name in ("servers", "README.md", "data", "scratch")}
    assert str(root / "secret") not in text


def test_of_the_folders_above_them_only_that_they_exist_can_be_seen(root):
    text = written(root, "servers")
    assert str(root) in allowed(text, "file-read-metadata")
    assert "subpath" not in next(line for line in text.splitlines() if "file-read-metadata" in line)


def test_only_data_and_the_private_folder_can_be_written(root):
    written_to = allowed(written(root, "servers"), "file-write*")
    assert written_to == {str(root / name) for name in ("data", "scratch")} | {
        f"/private{root / name}" for name in ("data", "scratch") if str(root).startswith("/tmp/")
    }


def test_what_is_listed_read_only_inside_data_stays_so(root):
    text = written(root, "data/kept")
    assert text.index(f'(deny file-write* (subpath "{root}/data/kept")') > text.index("(allow file-write*")


def test_what_can_be_written_can_be_neither_executed_nor_given_set_id_bits(root):
    text = written(root, "servers")
    assert not {path for path in allowed(text, "process-exec") if "data" in Path(path).parts}
    assert text.endswith("(deny file-write-setugid)\n")


def test_a_link_is_shown_and_what_it_points_to_is_not(root):
    text = written(root, "link")
    assert f'(literal "{root}/link")' in text
    assert "secret" not in text


def test_a_path_is_also_listed_as_the_kernel_sees_it(root):
    (root / "way").symlink_to("servers")
    (root / "servers" / "inner").mkdir()
    text = written(root, "way/inner")
    assert {str(root / "way" / "inner"), str(root / "servers" / "inner")} <= allowed(text, "file-read*")


def test_paths_below_linked_folders_of_the_system_are_listed_with_private(tmp_path):
    folder = Path("/var/tmp")
    assert {"/var/tmp", "/private/var/tmp"} <= allowed(profile(Mounts((folder,)), str(tmp_path)), "file-read*")


@pytest.mark.parametrize("name", ['a"b', "a(b)", "a\\b", '\\") (allow default) ("', "ä ö €", "a;b", "a\nb", "#|a|#"])
def test_no_name_of_a_folder_ends_its_string(root, name):
    (root / name).mkdir()
    text = written(root, name)
    heads = {re.sub(STRING, "", line) for line in written(root, "servers").splitlines()}
    if "\n" not in name:
        assert str(root / name) in allowed(text, "file-read*")
        assert {re.sub(STRING, "", line) for line in text.splitlines()} == heads
    assert f"{str(root / name).replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34))}" in text


def test_a_writable_link_is_refused(root):
    with pytest.raises(NotADirectoryError):
        profile(Mounts((), (root / "link",)), str(root / "scratch"))


def test_the_probe_says_where_it_belongs():
    found = Seatbelt().probe()
    assert found.works == (sys.platform == "darwin")
    if not found.works:
        assert found.why == "macOS only"


@pytest.fixture
def stand_in(tmp_path: Path) -> Seatbelt:
    """Takes the same words as sandbox-exec, notes them, and confines nothing."""
    command = tmp_path / "sandbox-exec"
    command.write_text(f'#!/bin/sh\nprintf "%s\\0" "$@" > "{tmp_path}/words"\nshift 2\nexec "$@"\n')
    command.chmod(0o755)
    return Seatbelt(str(command))


@pytest.fixture
def leashed(make, stand_in):
    return make(stand_in)


def test_the_command_is_the_profile_then_an_isolated_python(leashed, tmp_path, workspace):
    outcome = leashed.run("import os, sys\ndef main():\n    return [os.environ['TMPDIR'], sys.flags.isolated]")
    option, text, *words = (tmp_path / "words").read_text().split("\0")
    scratch, isolated = outcome.result
    assert option == "-p"
    assert f'(allow file-write* (subpath "{scratch}")' in text
    assert words[:3] == [sys.executable, "-I", "-S"]
    assert isolated == 1
    assert not Path(scratch).exists()


def test_an_empty_script_comes_up_and_ends(stand_in):
    assert try_out(stand_in).works


def test_a_command_that_is_not_there_is_a_run_that_did_not_begin(make):
    outcome = make(Seatbelt("/nowhere/sandbox-exec")).run("print('ran')")
    assert (outcome.ending.reason, outcome.stdout) == ("sandbox", "")
    assert "No such file or directory: /nowhere/sandbox-exec" in outcome.ending.text


def test_a_writable_path_that_is_a_link_runs_nothing(leashed, workspace):
    (workspace / "data").rmdir()
    (workspace / "data").symlink_to("/etc")
    assert "must be a real folder" in leashed.run("print('ran')").ending.text


def test_only_the_standard_streams_and_the_channel_are_open(leashed, workspace):
    with (workspace.parent / "secret.txt").open() as leak:
        os.set_inheritable(leak.fileno(), True)
        assert leashed.value("sorted(map(int, os.listdir('/dev/fd')))") == [0, 1, 2, 3, 4]


def test_nothing_of_this_project_is_left_in_the_script(leashed):
    assert leashed.value("[name for name in sys.modules if name.startswith('codegen')] + sys.argv[1:]") == []


DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("daemon", flush=True)
        time.sleep(60)
    time.sleep(60)
time.sleep(60)
"""


def test_killing_a_run_ends_all_that_was_seen_of_it(leashed):
    run = leashed.begin()
    run.send(leashed.start_frame(DAEMON))
    assert os.read(run.stdout, 7) == b"daemon\n"
    run.process.kill()
    run.process.kill()
    assert asyncio.run(run.process.ended()).reason == "killed"
    os.set_blocking(run.stdout, False)
    assert os.read(run.stdout, 1) == b""


def test_closing_the_wall_ends_its_runs(leashed):
    run = leashed.begin()
    for wall in leashed.walls.values():
        wall.close()
    assert run.process.wait(10).reason == "killed"


def test_waiting_gives_up_after_its_time(leashed):
    run = leashed.begin()
    assert run.process.result is None
    with pytest.raises(TimeoutError):
        run.process.wait(0.01)


FORKS = "import os, time\nfor _ in range(30):\n    if os.fork() == 0:\n        time.sleep(60)\ntime.sleep(60)\n"
HOARD = "import os, time\nheld = [os.fork() for _ in range(2)], b'x' * (60 << 20)\ntime.sleep(60)\n"
FILL = "import time\nopen('data/big', 'wb').write(bytes(9 << 20))\ntime.sleep(60)\n"


@pytest.mark.parametrize(
    ("source", "limits", "name"),
    [
        (FORKS, Limits(processes=20), "processes"),
        (HOARD, Limits(memory_bytes=150 * MIB), "memory"),
        ("while True: pass", Limits(cpu_s=1), "cpu"),
        (FILL, Limits(disk_bytes=8 * MIB), "disk"),
    ],
    ids=["processes", "memory", "cpu", "disk"],
)
def test_limits_end_a_run(leashed, source, limits, name):
    assert leashed.run(source, limits=limits).ending.limit == name


@pytest.mark.parametrize(
    ("text", "value"), [("0:01.50", 1.5), ("00:01:02", 62), ("2:03", 123), ("1-00:00:01", 86401), ("01:00:00", 3600)]
)
def test_times_of_ps_are_read(text, value):
    assert seconds(text) == value
