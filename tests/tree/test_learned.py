"""Learned shapes on disk and the modules that show them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from codegen.config.paths import Workspace
from codegen.config.settings import Settings
from codegen.learning.observe import shape_of
from codegen.search.names import lookup
from codegen.tree.learned import change, known_shapes, widen

BARE = {"inputSchema": {"type": "object"}}
DECLARED = {"outputSchema": {"type": "object", "properties": {"n": {"type": "integer"}}}, **BARE}
VAGUE = {"outputSchema": {"type": "object", "properties": {"result": {"type": "array", "items": {"type": "object"}}},
                          "title": "vagueOutput", "required": ["result"]}, **BARE}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    """A workspace in which a server with three tools was synced."""
    folder = tmp_path / "servers" / "srv"
    folder.mkdir(parents=True)
    tools = [{"name": "bare", **BARE}, {"name": "declared", **DECLARED}, {"name": "vague", **VAGUE}]
    (folder / ".catalogue.json").write_text(json.dumps({"server": {"name": "srv"}, "tools": tools}))
    return Workspace(tmp_path)


def learn(place: Workspace, **values: object) -> list[str]:
    return widen(place, Settings(), {"srv": {tool: shape_of(value) for tool, value in values.items()}})


def files(place: Workspace) -> dict[str, tuple[bytes, int]]:
    found = (path for path in place.servers.rglob("*") if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in found}


def test_what_was_seen_is_in_file_module_readme_and_index(place):
    assert learn(place, bare=[{"id": 1}]) == ["srv.bare"]
    assert known_shapes(place, "srv") == {"bare": shape_of([{"id": 1}])}
    assert "-> list[BareResultItem]:  # learned" in (place.servers / "srv/bare.py").read_text()
    assert "bare(**extra) -> list[{id}]" in (place.servers / "srv/README.md").read_text()
    hit = lookup(place.index, "srv.bare")
    assert hit is not None
    assert "list[{id}]" in hit.signature


def test_what_is_known_writes_nothing(place):
    learn(place, bare=[{"id": 1}, {"id": 2, "late": True}])
    before = files(place)
    assert learn(place, bare=[{"id": 7}]) == []
    assert learn(place, bare=[]) == []
    assert files(place) == before


def test_one_tool_changes_one_module_and_what_lists_it(place):
    learn(place, bare="text", vague=[])
    before = files(place)
    learn(place, bare=5)
    changed = {Path(path).name for path, content in files(place).items() if before.get(path) != content}
    assert {name for name in changed if not name.endswith(".pyc")} == {"bare.py", "README.md", ".learned.json"}


def test_a_declared_result_is_believed_and_a_vague_one_is_filled_in(place):
    learn(place, declared={"m": "x"}, vague=[{"id": 1}])
    assert "learned" not in (place.servers / "srv/declared.py").read_text()
    assert "list[VagueResultItem]:  # learned" in (place.servers / "srv/vague.py").read_text()
    assert [*known_shapes(place, "srv")] == ["vague"]


def test_two_processes_at_once_lose_nothing(place):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: learn(place, bare={f"f{'abcdefghijkl'[n]}": n, "id": n}), range(12)))
    assert len(known_shapes(place, "srv")["bare"]["properties"]) == 13


def test_a_server_that_left_and_a_tool_that_left_are_passed_over(place):
    assert widen(place, Settings(), {"gone": {"x": shape_of(1)}}) == []
    assert learn(place, no_such_tool=1) == []
    assert not (place.servers / "gone").exists()


@pytest.mark.parametrize("text", ["", "[]", '{"bare": 5}', '{"bare": {"type": "object", "properties": 5}}', "\xff"])
def test_a_file_that_was_damaged_is_as_none(place, text):
    (place.servers / "srv/.learned.json").write_text(text, "latin-1")
    assert known_shapes(place, "srv") == {}
    learn(place, bare=1)
    assert known_shapes(place, "srv") == {"bare": {"type": "integer"}}


def test_what_is_forgotten_leaves_no_trace(place):
    change(place, Settings(), ["srv"], lambda _folder, known: known)
    learn(place, vague=[])
    change(place, Settings(), ["srv"], lambda _folder, _known: {})
    before = {path: text for path, (text, _) in files(place).items() if not path.endswith(".pyc")}
    learn(place, bare={"secret_field": 1})
    change(place, Settings(), ["srv"], lambda _folder, _known: {})
    assert {path: text for path, (text, _) in files(place).items() if not path.endswith(".pyc")} == before
