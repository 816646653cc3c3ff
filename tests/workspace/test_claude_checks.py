"""What doctor says of Claude Code: each thing that can be in its way is named, with what mends it."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from codegen.config.door import read_door
from codegen.config.paths import Workspace
from codegen.workspace.claude_checks import check_claude_code
from codegen.workspace.init import LOCAL_SETTINGS, SETTINGS, create


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A new workspace on a machine where both programs are on PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("claude", "codegen"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    return Workspace(create(tmp_path / "new", lambda _: True).root)


def wrong(place: Workspace) -> dict[str, str]:
    """What doesn't work, each with what mends it."""
    return {check.name: check.mend for check in check_claude_code(place) if not check.works}


def test_in_a_new_workspace_nothing_is_in_its_way(place):
    assert wrong(place) == {}


def test_a_workspace_that_was_moved_or_came_by_git_needs_its_local_settings_made(place, tmp_path):
    moved = place.root.rename(tmp_path / "moved")
    assert wrong(Workspace(moved)) == {"permissions": "codegen init . --yes"}
    (moved / LOCAL_SETTINGS).unlink()
    (moved / ".codegen" / "door.json").unlink()
    assert wrong(Workspace(moved)).keys() == {"permissions", "door"}
    create(moved, lambda _: True)
    assert wrong(Workspace(moved)) == {}


def test_what_somebody_took_out_of_the_files_is_missed(place):
    settings = json.loads((place.root / SETTINGS).read_text())
    settings["permissions"]["deny"].remove("Edit(./servers/**)")
    (place.root / SETTINGS).write_text(json.dumps(settings))
    (place.root / "CLAUDE.md").write_text("mine")
    assert wrong(place).keys() == {"rules", "context"}
    create(place.root, lambda _: True)
    assert wrong(place) == {}


def test_servers_that_claude_code_would_load_itself_are_named(place):
    (place.root / ".mcp.json").write_text("{}")
    assert "codegen import .mcp.json" in wrong(place)["context"]


def test_a_door_that_something_else_has_is_named(place):
    with socket.create_server(("127.0.0.1", read_door(place.root).port)):
        assert "door.json" in wrong(place)["door"]


def test_programs_that_are_not_on_path_are_named(place, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert "PATH" in wrong(place)["programs"]


def test_a_bash_sandbox_that_is_on_and_cannot_work_is_named(place):
    local = json.loads((place.root / LOCAL_SETTINGS).read_text())
    local["sandbox"]["enabled"] = True
    (place.root / LOCAL_SETTINGS).write_text(json.dumps(local))
    assert wrong(place) == {"bash sandbox": "sudo apt install bubblewrap socat"}
