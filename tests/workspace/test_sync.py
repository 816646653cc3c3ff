"""What a sync does with trees and catalogues; on real servers it is tested in tests/e2e."""

from __future__ import annotations

import asyncio
import fcntl
import json
import sys
import threading
from pathlib import Path

import pytest
from conftest import SERVERS

from codegen.catalogue.collect import Progress
from codegen.config.paths import Workspace
from codegen.errors import ConfigError, UsageError, WorkspaceError
from codegen.search.names import lookup
from codegen.tree.present import read_present
from codegen.workspace.sync import SyncReport, SyncRequest, sync

Definitions = list[dict[str, object]]


@pytest.fixture
def place(tmp_path: Path, monkeypatch) -> Workspace:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    root = tmp_path / "my wörkspace"
    root.mkdir()
    (root / "mcp.json").write_text('{"mcpServers": {}}')
    return Workspace(root)


def tools(*names: str, **more: object) -> Definitions:
    return [{"name": name, "inputSchema": {"type": "object"}, **more} for name in names]


def catalogue(place: Workspace, server: str, definitions: Definitions, folder: str | None = None) -> Path:
    """Leave a catalogue as an earlier sync would have."""
    target = place.servers / (folder or server)
    target.mkdir(parents=True, exist_ok=True)
    (target / ".catalogue.json").write_text(json.dumps({"server": {"name": server}, "tools": definitions}))
    return target


def offline(place: Workspace, **options: bool) -> SyncReport:
    return asyncio.run(sync(place, SyncRequest(offline=True, **options)))


def online(place: Workspace, **options: object) -> SyncReport:
    return asyncio.run(sync(place, SyncRequest(**options)))


def files(place: Workspace) -> dict[str, bytes]:
    return {
        file.relative_to(place.servers).as_posix(): file.read_bytes()
        for file in place.servers.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def configure(place: Workspace, **servers: dict[str, object]) -> None:
    place.mcp_json.write_text(json.dumps({"mcpServers": servers}))


COUNTING: dict[str, object] = {"command": sys.executable, "args": [str(SERVERS / "counting.py")]}


def test_offline_makes_the_tree_from_the_catalogues_alone_and_is_the_same_again(place):
    catalogue(place, "one", tools("a", "b"))
    first = offline(place)
    before = files(place)
    assert {"__init__.py", "README.md", "_client.py", "one/a.py", "one/b.py", "one/__init__.py"} <= before.keys()
    assert [(each.name, each.state, each.tools) for each in first.servers] == [("one", "synced", 2)]
    second = offline(place)
    assert not second.changes
    assert files(place) == before


def test_a_check_writes_nothing_not_even_its_lock(place):
    catalogue(place, "one", tools("a"))
    before = files(place)
    report = offline(place, check=True)
    assert "one/a.py" in report.changes.added
    assert "+def a(" in report.changes.diff
    assert files(place) == before
    assert not place.state.exists()


def test_what_is_written_is_compiled_and_found_by_search(place):
    catalogue(place, "one", tools("list_things", description="List all the things."))
    offline(place)
    assert list((place.servers / "one" / "__pycache__").glob("list_things.*.pyc"))
    assert lookup(place.index, "one.list_things").summary.startswith("List all the things")


@pytest.mark.parametrize("wrong", [None, 7, True, "text", {"a": 1}, [None, ["x"], 10**400], float("nan")])
def test_a_word_of_a_schema_with_any_value_costs_neither_its_tool_nor_the_sync(place, wrong):
    words = ("type", "enum", "description", "properties", "required", "default", "title", "items", "$ref", "anyOf")
    odd = {word: {"inputSchema": {"type": "object", "properties": {"a": {word: wrong}}, word: wrong}} for word in words}
    catalogue(place, "one", [{"name": f"t_{word.strip('$')}", **wire} for word, wire in odd.items()])
    report = offline(place)
    assert report.servers[0].tools == len(words)
    assert lookup(place.index, "one.t_enum") is not None


def test_a_folder_whose_catalogue_cannot_be_read_is_reported_and_left_alone(place):
    catalogue(place, "one", tools("a"))
    broken = place.servers / "two"
    broken.mkdir()
    (broken / ".catalogue.json").write_text("{")
    (broken / "mine.py").write_text("kept")
    report = offline(place)
    assert [problem.where for problem in report.problems] == ["servers/two"]
    assert (broken / "mine.py").read_text() == "kept"
    assert "one/a.py" in files(place)


def test_a_tool_that_changed_is_shown_with_the_difference(place):
    configure(place, counting={**COUNTING, "env": {"TOOLS": "1"}})
    online(place)
    known = json.loads((place.servers / "counting" / ".catalogue.json").read_text())
    known["tools"][0]["description"] = "Another echo."
    (place.servers / "counting" / ".catalogue.json").write_text(json.dumps(known))
    (report,) = online(place).servers
    assert report.changed == ("slow",)
    assert '- "description": "Another echo.",\n+ "description": "Echo after a delay.",' in report.differences[0]


def test_files_that_are_nobodys_stay(place):
    folder = catalogue(place, "one", tools("a"))
    (folder / "notes.txt").write_text("mine")
    (place.servers / "mine").mkdir()
    (place.servers / "mine" / "x.py").write_text("mine")
    offline(place)
    online(place)
    assert {"one/notes.txt", "mine/x.py"} <= files(place).keys()
    assert "one/a.py" not in files(place), "mcp.json lists no such server"


def test_a_catalogue_that_names_no_modules_still_owns_those_that_were_generated(place):
    catalogue(place, "one", tools("a", "b"))
    offline(place)
    folder = catalogue(place, "one", tools("a"))
    (folder / "mine.py").write_text("# mine\n")
    (folder / "binary.py").write_bytes(b"\xff\n")
    report = offline(place)
    assert report.changes.removed == ("one/b.py",)
    assert {"one/a.py", "one/mine.py", "one/binary.py"} <= files(place).keys()


def test_a_server_that_mcp_json_no_longer_lists_is_removed_from_tree_and_index(place):
    catalogue(place, "one", tools("a", "b"))
    offline(place)
    assert lookup(place.index, "one.a")
    report = online(place)
    assert [(each.name, each.state, each.removed) for each in report.servers] == [("one", "removed", ("a", "b"))]
    assert not (place.servers / "one" / "a.py").exists()
    assert lookup(place.index, "one.a") is None


def test_an_entry_that_cannot_be_used_keeps_what_it_had_as_stale(place):
    catalogue(place, "one", tools("a"))
    offline(place)
    configure(place, one={"command": 5})
    report = online(place)
    assert [(each.name, each.state) for each in report.servers] == [("one", "stale")]
    assert (place.servers / "one" / "a.py").exists()
    assert "stale" in (place.servers / "README.md").read_text()


def test_one_server_alone_leaves_the_others_as_they_are(place):
    catalogue(place, "other", tools("a"))
    configure(place, counting=COUNTING, other={"command": "no-such-command"})
    steps: list[Progress] = []
    report = online(place, only="counting", on_progress=steps.append)
    states = {each.name: each.state for each in report.servers}
    assert states == {"counting": "synced", "other": "kept"}
    assert {"counting/tool_0.py", "other/a.py"} <= files(place).keys()
    assert {step.server for step in steps} == {"counting"}
    assert steps[-1].state == "done"


def test_a_rule_that_names_no_tool_is_a_problem_and_the_rest_goes_on(place):
    catalogue(place, "one", tools("send", "drop"))
    place.settings.write_text(
        '[[policy]]\ntool = "one.sent"\ndecision = "ask"\n[servers.one]\ndestructive = ["drop"]\n'
    )
    report = offline(place)
    (problem,) = report.problems
    assert str(problem) == ('codegen.toml [[policy]] #1: tool "sent" matches no tool of one (did you mean send?)')
    assert b"[destructive]" in files(place)["one/drop.py"]
    assert lookup(place.index, "one.drop").effect == "destructive"


def test_an_unknown_server_is_a_usage_error_with_the_nearest(place):
    configure(place, counting=COUNTING)
    with pytest.raises(UsageError) as caught:
        online(place, only="countin")
    assert "did you mean counting" in str(caught.value)
    configure(place)
    with pytest.raises(UsageError, match="lists no server"):
        online(place, only="countin")


def test_names_given_by_an_earlier_sync_are_kept(place):
    catalogue(place, "one", tools("get-user"))
    offline(place)
    assert (place.servers / "one" / "get_user.py").exists()
    known = json.loads((place.servers / "one" / ".catalogue.json").read_text())
    known["tools"] = tools("get_user", "get-user")
    (place.servers / "one" / ".catalogue.json").write_text(json.dumps(known))
    offline(place)
    names = json.loads((place.servers / "one" / ".catalogue.json").read_text())["names"]
    assert names["get-user"] == "get_user"
    assert names["get_user"].startswith("get_user_")


def test_two_servers_whose_names_give_the_same_folder_get_two(place):
    configure(place, **{"a-b": {"command": "x"}, "a_b": {"command": "x"}})
    catalogue(place, "a-b", tools("a"), "a_b")
    catalogue(place, "a_b", tools("b"), "a_b_other")
    offline(place)
    found = read_present(place.servers)
    assert set(found.folders) == {"a-b", "a_b"}
    assert len({folder.casefold() for folder in found.folders.values()}) == 2


def test_settings_say_when_to_use_a_server(place):
    catalogue(place, "one", tools("a"))
    place.settings.write_text('[servers.one]\nwhen_to_use = "For all things that are one."\n')
    offline(place)
    assert "For all things that are one." in (place.servers / "README.md").read_text()


def test_a_second_sync_waits_for_the_first(place):
    catalogue(place, "one", tools("a"))
    place.state.mkdir()
    with (place.state / "sync.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = threading.Event()
        thread = threading.Thread(target=lambda: (offline(place), done.set()))
        thread.start()
        assert "one/a.py" not in files(place)
        assert not done.is_set()
        fcntl.flock(lock, fcntl.LOCK_UN)
    thread.join(30)
    assert done.is_set()
    assert "one/a.py" in files(place)


def test_what_makes_a_sync_impossible_is_raised_before_anything_is_written(place):
    place.settings.write_text("[run]\ntime_limt = 1\n")
    with pytest.raises(ConfigError, match="time_limt"):
        offline(place)
    place.settings.unlink()
    place.mcp_json.write_text("{")
    with pytest.raises(ConfigError, match=r"mcp.json:1"):
        online(place)
    assert not place.servers.exists()


def test_a_state_folder_that_cannot_be_made_is_named(place):
    place.state.write_text("a file in the way")
    with pytest.raises(WorkspaceError, match=r"\.codegen"):
        offline(place)
