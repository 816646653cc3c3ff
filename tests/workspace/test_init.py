from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from codegen.config.door import door_file, read_door
from codegen.config.paths import Workspace
from codegen.errors import WorkspaceError
from codegen.runtime.door import VERBS as DOOR_VERBS
from codegen.workspace.init import UNTRACKED, Made, create, renew_local, template


def new(root: Path, *, agrees: bool = False) -> Made:
    return create(root, lambda change: agrees)


def test_a_new_workspace_is_the_template_and_what_depends_on_the_place(tmp_path):
    made = new(tmp_path / "deep" / "new")
    assert made.root == tmp_path / "deep" / "new"
    copied = {file.relative_to(template()).as_posix() for file in template().rglob("*") if file.is_file()}
    copied = {name for name in copied if "__pycache__" not in name}
    assert set(made.written) == copied | {"mcp.json", ".claude/settings.local.json", ".gitignore"}
    assert made.kept == ()
    assert all((made.root / name).is_file() for name in made.written)
    assert json.loads((made.root / "mcp.json").read_text()) == {"mcpServers": {}}
    assert (made.root / "CLAUDE.md").read_text().strip() == "@AGENTS.md"
    assert not (made.root / ".mcp.json").exists(), "Claude Code would connect it by itself"


def test_what_holds_on_this_machine_alone_is_in_the_untracked_file_which_others_cannot_read(tmp_path):
    made = new(tmp_path)
    file = tmp_path / ".claude" / "settings.local.json"
    local = json.loads(file.read_text())
    rules = local["permissions"]["allow"]
    verbs = {rule.removeprefix("Bash(codegen ").removesuffix(":*)") for rule in rules if rule.startswith("Bash(")}
    assert verbs <= set(DOOR_VERBS)
    assert not verbs & {"approve", "reject", "add", "broker", "init", "policy"}
    door = read_door(made.root)
    assert door
    assert local["env"]["CODEGEN_DOOR"] == door.variable
    assert local["sandbox"]["network"]["allowedDomains"] == [f"localhost:{door.port}"]
    assert file.stat().st_mode & 0o077 == 0
    assert door_file(made.root).stat().st_mode & 0o077 == 0
    assert ".claude/settings.local.json" in (tmp_path / ".gitignore").read_text().splitlines()
    portable = (tmp_path / ".claude" / "settings.json").read_text()
    assert door.token not in portable
    assert str(tmp_path) not in portable


def test_the_static_skill_keeps_to_the_agent_skills_standard():
    file = template() / ".claude" / "skills" / "codegen" / "SKILL.md"
    head, _, body = file.read_text().removeprefix("---\n").partition("\n---\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    assert fields["name"] == file.parent.name
    assert 0 < len(fields["description"]) <= 1024
    assert set(fields) <= {"name", "description", "license", "compatibility", "metadata", "allowed-tools"}
    assert 0 < len(body.splitlines()) < 500


def test_doing_it_again_changes_nothing(tmp_path):
    new(tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    again = new(tmp_path, agrees=True)
    assert (again.written, again.kept) == ((), ())
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


@pytest.fixture
def repository(tmp_path):
    """A repository that has its own of nearly everything."""
    for name, text in {
        "AGENTS.md": "mine\n",
        "CLAUDE.md": "Be brief.",
        "mcp.json": '{"mcpServers": {"a": {"command": "b", "env": {"KEY": "${A_TOKEN}"}}}}',
        ".claude/settings.json": '{"model": "opus", "permissions": {"defaultMode": "plan", "deny": ["WebFetch"]}}',
        ".claude/settings.local.json": '{"permissions": {"allow": ["Bash(make:*)"]}}',
        "scripts/deploy.sh": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_without_consent_files_that_are_there_are_kept_and_named(repository):
    before = {file: file.read_bytes() for file in repository.rglob("*") if file.is_file()}
    made = new(repository)
    theirs = {"AGENTS.md", "CLAUDE.md", ".claude/settings.json", ".claude/settings.local.json"}
    assert {change.name for change in made.kept} == theirs
    assert all(change.does for change in made.kept)
    assert {file: file.read_bytes() for file in before} == before


def test_with_consent_they_get_what_is_missing_and_lose_nothing(repository):
    assert new(repository, agrees=True).kept == ()
    agents = (repository / "AGENTS.md").read_text()
    assert agents.startswith("mine\n")
    assert (template() / "AGENTS.md").read_text() in agents
    assert (repository / "CLAUDE.md").read_text() == "Be brief.\n@AGENTS.md\n"
    settings = json.loads((repository / ".claude" / "settings.json").read_text())
    assert (settings["model"], settings["permissions"]["defaultMode"]) == ("opus", "plan")
    assert settings["permissions"]["deny"][0] == "WebFetch"
    assert "Edit(./servers/**)" in settings["permissions"]["deny"]
    local = json.loads((repository / ".claude" / "settings.local.json").read_text())
    assert local["permissions"]["allow"][0] == "Bash(make:*)"
    assert {"name": "A_TOKEN", "mode": "deny"} in local["sandbox"]["credentials"]["envVars"]
    assert '"a"' in (repository / "mcp.json").read_text()
    assert not (repository / "scripts" / ".gitignore").exists(), "it would hide the repository's own scripts"


def test_the_part_of_an_agents_file_is_renewed_in_its_place(repository):
    new(repository, agrees=True)
    file = repository / "AGENTS.md"
    whole = file.read_text()
    file.write_text(whole.replace("## The loop", "## An older loop") + "more of mine\n")
    new(repository, agrees=True)
    assert file.read_text() == whole + "more of mine\n"


def test_settings_that_are_no_json_are_an_error_and_stay(repository):
    (repository / ".claude" / "settings.json").write_text("{,}")
    with pytest.raises(WorkspaceError, match=r"settings\.json"):
        new(repository, agrees=True)
    assert (repository / ".claude" / "settings.json").read_text() == "{,}"


def test_another_door_and_another_variable_take_the_place_of_the_old_in_the_local_settings(tmp_path):
    made = new(tmp_path)
    old = read_door(made.root)
    file = tmp_path / ".claude" / "settings.local.json"
    door_file(made.root).unlink()
    (tmp_path / "mcp.json").write_text(
        '{"mcpServers": {"a": {"url": "https://x.org", "headers": {"K": "${NEW_KEY}"}}}}'
    )
    renew_local(Workspace(tmp_path))
    assert old.token in file.read_text(), "only codegen init makes a door"
    new(tmp_path, agrees=True)
    local = json.loads(file.read_text())
    now = read_door(made.root)
    assert now.token != old.token
    assert local["sandbox"]["network"]["allowedDomains"] == [now.address]
    assert {"name": "NEW_KEY", "mode": "deny"} in local["sandbox"]["credentials"]["envVars"]


@pytest.mark.parametrize("before", [b"", b"mine", b"mine\n", b"*.pyc\n.codegen/\n", "grün/\n".encode("latin-1")])
def test_gitignore_keeps_its_lines_and_gets_the_missing_ones_once(tmp_path, before):
    (tmp_path / ".gitignore").write_bytes(before)
    new(tmp_path, agrees=True)
    new(tmp_path, agrees=True)
    after = (tmp_path / ".gitignore").read_bytes()
    assert after.startswith(before)
    lines = after.splitlines()
    assert all(lines.count(name.encode()) == 1 for name in UNTRACKED)
    assert b"mine" not in before or b"mine" in lines


def test_a_file_in_the_way_is_an_error_that_names_the_place(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="file"):
        new(tmp_path / "file")
    with pytest.raises(WorkspaceError, match="file"):
        new(tmp_path / "file" / "below")
    (tmp_path / "way" / "AGENTS.md").mkdir(parents=True)
    with pytest.raises(WorkspaceError, match="way"):
        new(tmp_path / "way")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(WorkspaceError):
        new(tmp_path / "new")


def test_the_bash_sandbox_is_turned_on_in_a_new_folder_alone_for_it_takes_the_network(tmp_path, monkeypatch):
    monkeypatch.setattr("codegen.workspace.init.can_confine", lambda: (True, ""))
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository" / "code.c").touch()
    for folder, is_on in (("repository", False), ("fresh", True)):
        assert new(tmp_path / folder).confined is is_on
        local = json.loads((tmp_path / folder / ".claude" / "settings.local.json").read_text())
        assert local["sandbox"]["enabled"] is is_on
