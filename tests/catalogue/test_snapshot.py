"""What `.catalogue.json` holds, and what is read of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codegen.catalogue.snapshot import definition_hash, read_snapshot, snapshot_text
from codegen.errors import ConfigError
from codegen.model import Catalogue, Json, JsonObject, ServerInfo, Tool


def tool(name: str, **keys: Json) -> Tool:
    return Tool("s", name, {"name": name, **keys})


def written(folder: Path, document: object) -> Path:
    (folder / ".catalogue.json").write_text(document if isinstance(document, str) else json.dumps(document))
    return folder


def test_a_snapshot_reads_back_as_it_was_written(tmp_path: Path) -> None:
    tools = (tool("b-2", inputSchema={"z": 1, "a": [None, "ü\u2028"]}), tool("a", **{"x-own": {"k": 1.0}}))
    catalogue = Catalogue(ServerInfo("s", "Title", "1", "Use it.\nOften."), tools, names={"b-2": "b_2", "a": "a"})
    text = snapshot_text(catalogue, catalogue.names)
    assert read_snapshot(written(tmp_path, text)) == catalogue
    assert snapshot_text(read_snapshot(tmp_path), catalogue.names) == text


def test_a_snapshot_has_a_line_for_each_tool() -> None:
    catalogue = Catalogue(ServerInfo("s"), (tool("b", inputSchema={"type": "object"}), tool("a")))
    assert snapshot_text(catalogue, {"b": "b", "a": "a", "gone": "gone"}) == (
        "{\n"
        ' "server": {"name": "s"},\n'
        ' "tools": [\n  {"name": "b", "inputSchema": {"type": "object"}},\n  {"name": "a"}\n ],\n'
        ' "names": {\n  "b": "b",\n  "a": "a"\n },\n'
        f' "hashes": {{\n  "b": "{definition_hash(catalogue.tools[0])}",\n'
        f'  "a": "{definition_hash(catalogue.tools[1])}"\n }}\n'
        "}\n"
    )


def test_a_snapshot_of_no_tools_is_json() -> None:
    document = json.loads(snapshot_text(Catalogue(ServerInfo("s"), ()), {}))
    assert document == {"server": {"name": "s"}, "tools": [], "names": {}, "hashes": {}}


def test_half_a_surrogate_pair_is_kept_in_a_file_that_can_be_written(tmp_path: Path) -> None:
    catalogue = Catalogue(ServerInfo("s"), (tool("a", description="half \ud83d"),))
    assert read_snapshot(written(tmp_path, snapshot_text(catalogue, {}))) == catalogue


def test_a_server_and_tools_are_all_that_must_be_there(tmp_path: Path) -> None:
    document = {"server": {"name": "s", "version": 5}, "tools": [{"name": "a"}, 7], "later": {}}
    catalogue = read_snapshot(written(tmp_path, document))
    assert catalogue.server == ServerInfo("s")
    assert catalogue.tools == (tool("a"),)
    assert len(catalogue.problems) == 1
    assert catalogue.names == {}


def test_an_integer_of_more_digits_than_python_reads_costs_nothing(tmp_path: Path) -> None:
    sizes = [4_000, 4_301, 10_000]
    listed = ", ".join("9" * size for size in sizes)
    text = f'{{"server": {{"name": "s"}}, "tools": [{{"name": "a", "inputSchema": {{"enum": [{listed}]}}}}]}}'
    catalogue = read_snapshot(written(tmp_path, text))
    assert catalogue.tools[0].input_schema["enum"] == [10**4_000 - 1, float("inf"), float("inf")]
    assert read_snapshot(written(tmp_path, snapshot_text(catalogue, {}))).tools == catalogue.tools


def test_names_of_modules_that_no_sync_could_have_given_are_forgotten(tmp_path: Path) -> None:
    names = {"a": "a", "b": "../../b", "c": "", "d": "d.py", "e": 5}
    assert read_snapshot(written(tmp_path, {"server": {"name": "s"}, "tools": [], "names": names})).names == {"a": "a"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", r"catalogue\.json:1:2: not JSON"),
        ("[]", "`server.name` is no text"),
        ('{"server": {"name": 4}, "tools": []}', "`server.name` is no text"),
        ('{"server": {"name": "s"}, "tools": {}}', "`tools` is no list"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_broken_snapshot_is_an_error_that_names_the_file(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        read_snapshot(written(tmp_path, text))
    assert str(tmp_path) in caught.value.what
    assert "codegen sync" in caught.value.hint


def test_a_missing_snapshot_says_what_writes_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        read_snapshot(tmp_path)


def test_the_hash_is_of_what_a_caller_relies_on() -> None:
    schema: JsonObject = {"type": "object", "properties": {"a": {}, "b": {}}}
    turned: JsonObject = {"properties": {"b": {}, "a": {}}, "type": "object"}
    base = definition_hash(tool("a", inputSchema=schema, description="Do it."))
    assert definition_hash(tool("a", description="Do it.", inputSchema=turned)) == base
    assert definition_hash(tool("a", inputSchema=schema, description="Do it.", icons=[1], outputSchema=None)) == base
    changes: list[JsonObject] = [{"description": "Do that."}, {"annotations": {"readOnlyHint": True}}, {"name": "b"}]
    for change in changes:
        keys: JsonObject = {"description": "Do it.", "inputSchema": schema, "name": "a", **change}
        assert definition_hash(Tool("s", "a", keys)) != base
