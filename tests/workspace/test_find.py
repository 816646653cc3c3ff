from __future__ import annotations

import asyncio
import json
from importlib import import_module

import pytest

import codegen
from codegen.config.paths import Workspace, find_workspace
from codegen.errors import UnknownToolError, UsageError, WorkspaceError
from codegen.workspace.sync import SyncRequest, sync


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Workspace:
    root = tmp_path_factory.mktemp("found")
    (root / "mcp.json").write_text("{}")
    (root / "servers" / "one").mkdir(parents=True)
    tool = {"name": "open_issue", "description": "Open an issue.", "inputSchema": {"type": "object"}}
    (root / "servers/one/.catalogue.json").write_text(json.dumps({"server": {"name": "one"}, "tools": [tool]}))
    place = Workspace(root)
    asyncio.run(sync(place, SyncRequest(offline=True)))
    return place


def test_search_and_describe_are_functions(place):
    (hit,) = codegen.search("open an issue", k=1, workspace=place.root)
    assert hit.path == "one.open_issue"
    assert "def open_issue(" in codegen.describe("one.open_issue", workspace=str(place.root / "servers" / "one"))


def test_the_name_search_stays_a_function_after_its_folder_is_imported():
    import_module("codegen.search.query")
    assert callable(codegen.search)
    assert not hasattr(codegen.search, "query")


def test_what_is_not_there_is_an_error(place, tmp_path):
    with pytest.raises(UnknownToolError, match="open_isue"):
        codegen.describe("one.open_isue", workspace=place.root)
    with pytest.raises(UsageError):
        codegen.search("", workspace=place.root)
    with pytest.raises(WorkspaceError, match="codegen init") as caught:
        codegen.search("x", workspace=tmp_path)
    assert str(tmp_path) in str(caught.value)
    with pytest.raises(AttributeError, match="no attribute 'serch'"):
        _ = codegen.serch


def test_the_workspace_is_the_nearest_folder_upwards_or_what_the_environment_says(place, tmp_path, monkeypatch):
    below = place.root / "servers" / "one"
    assert find_workspace(below).root == place.root.resolve()
    monkeypatch.chdir(below)
    monkeypatch.delenv("CODEGEN_WORKSPACE", raising=False)
    assert find_workspace().root == place.root.resolve()
    monkeypatch.setenv("CODEGEN_WORKSPACE", str(tmp_path))
    with pytest.raises(WorkspaceError):
        find_workspace()
    link = tmp_path / "link"
    link.symlink_to(place.root)
    assert find_workspace(link).root == place.root.resolve()
