from __future__ import annotations

import json
import os

import pytest

from codegen.errors import WorkspaceError
from codegen.workspace.init import UNTRACKED, create, template


def test_a_new_workspace_is_the_template_and_what_depends_on_the_place(tmp_path):
    made = create(tmp_path / "deep" / "new")
    assert made.root == tmp_path / "deep" / "new"
    copied = {file.relative_to(template()).as_posix() for file in template().rglob("*") if file.is_file()}
    copied = {name for name in copied if "__pycache__" not in name}
    assert set(made.written) == copied | {"mcp.json", ".claude/settings.local.json", ".gitignore"}
    assert made.kept == ()
    assert all((made.root / name).is_file() for name in made.written)
    assert json.loads((made.root / "mcp.json").read_text()) == {"mcpServers": {}}
    assert (made.root / "CLAUDE.md").read_text().strip() == "@AGENTS.md"
    assert not (made.root / ".mcp.json").exists(), "Claude Code would connect it by itself"


def test_what_claude_code_may_do_unasked_is_in_the_untracked_file(tmp_path):
    create(tmp_path)
    allowed = json.loads((tmp_path / ".claude" / "settings.local.json").read_text())["permissions"]["allow"]
    verbs = {rule.removeprefix("Bash(codegen ").removesuffix(":*)") for rule in allowed if rule.startswith("Bash(")}
    assert verbs == {"search", "describe", "run", "runs", "skills", "sync"}
    assert ".claude/settings.local.json" in (tmp_path / ".gitignore").read_text().splitlines()


def test_doing_it_again_changes_nothing(tmp_path):
    create(tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    again = create(tmp_path)
    assert (again.written, again.kept) == ((), ())
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_files_that_are_there_are_kept_and_named(tmp_path):
    (tmp_path / "AGENTS.md").write_text("mine")
    (tmp_path / "mcp.json").write_text('{"mcpServers": {"a": {"command": "b"}}}')
    made = create(tmp_path)
    assert set(made.kept) == {"AGENTS.md", "mcp.json"}
    assert (tmp_path / "AGENTS.md").read_text() == "mine"
    assert '"a"' in (tmp_path / "mcp.json").read_text()


@pytest.mark.parametrize("before", [b"", b"mine", b"mine\n", b"*.pyc\n.codegen/\n", "grün/\n".encode("latin-1")])
def test_gitignore_keeps_its_lines_and_gets_the_missing_ones_once(tmp_path, before):
    (tmp_path / ".gitignore").write_bytes(before)
    create(tmp_path)
    create(tmp_path)
    after = (tmp_path / ".gitignore").read_bytes()
    assert after.startswith(before)
    lines = after.splitlines()
    assert all(lines.count(name.encode()) == 1 for name in UNTRACKED)
    assert b"mine" not in before or b"mine" in lines


def test_a_file_in_the_way_is_an_error_that_names_the_place(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="file"):
        create(tmp_path / "file")
    with pytest.raises(WorkspaceError, match="file"):
        create(tmp_path / "file" / "below")
    (tmp_path / "way" / "AGENTS.md").mkdir(parents=True)
    with pytest.raises(WorkspaceError, match="way"):
        create(tmp_path / "way")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(WorkspaceError):
        create(tmp_path / "new")
