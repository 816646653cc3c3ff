"""Control groups, on a tree of plain files: this machine may have delegated none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codegen.sandbox.backend import Limits
from codegen.sandbox.cgroup import Group, delegated

OWN = "user.slice/user@1000.service/app.slice/shell.scope"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """As systemd has it for a session: app.slice is the user's, and gives limits to its children."""
    root = tmp_path / "cgroup"
    (root / OWN).mkdir(parents=True)
    for folder in (root, *(root / OWN).parents, root / OWN):
        if folder.is_relative_to(root):
            (folder / "cgroup.procs").write_text("")
            (folder / "cgroup.subtree_control").write_text("")
    (root / OWN).parent.joinpath("cgroup.subtree_control").write_text("cpu memory pids\n")
    return root


def of(tmp_path: Path, text: str) -> Path:
    membership = tmp_path / "membership"
    membership.write_text(text)
    return membership


def test_groups_are_made_beside_ones_own_where_the_user_may(tree, tmp_path):
    assert delegated(tree, of(tmp_path, f"0::/{OWN}\n")) == (tree / OWN).parent


@pytest.mark.parametrize("given", ["", "cpu pids", "memory"])
def test_without_the_limits_that_matter_there_are_none(tree, tmp_path, given):
    (tree / OWN).parent.joinpath("cgroup.subtree_control").write_text(given)
    assert delegated(tree, of(tmp_path, f"0::/{OWN}\n")) is None


@pytest.mark.parametrize("text", ["", "4:memory:/x\n", "0::/\n", "0::/../../etc\n", "0::/no/such\n"])
def test_a_machine_that_has_delegated_nothing_is_no_error(tree, tmp_path, text):
    assert delegated(tree, of(tmp_path, text)) is None
    assert delegated(tree, tmp_path / "nothing") is None


def test_a_group_holds_the_sums_and_tells_of_memory(tmp_path, monkeypatch):
    made = Path.mkdir

    def mkdir(path: Path) -> None:
        made(path)
        (path / "cgroup.procs").write_text("")

    monkeypatch.setattr(Path, "mkdir", mkdir)
    group = Group(tmp_path, Limits(memory_bytes=1000, processes=7))
    (folder,) = tmp_path.iterdir()
    os.write(group.procs, b"0")
    os.close(group.procs)
    read = {name: (folder / name).read_text() for name in ("memory.max", "memory.swap.max", "pids.max", "cgroup.procs")}
    assert read == {"memory.max": "1000", "memory.swap.max": "0", "pids.max": "8", "cgroup.procs": "0"}
    assert not group.ran_out_of_memory
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 0\n")
    assert not group.ran_out_of_memory
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 2\n")
    assert group.ran_out_of_memory
