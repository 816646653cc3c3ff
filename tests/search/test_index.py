from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

import pytest

from codegen.search.fields import Entry
from codegen.search.index import Group, groups, remove_group, write_group, write_groups
from codegen.search.query import search
from codegen.search.segments import MOST

MakeEntry = Callable[..., Entry]
ROOT = Path(__file__).parents[2]

WRITER = """
import sys
from codegen.search.fields import Entry
from codegen.search.index import write_group

db, group, mode = sys.argv[1:]
def entries(turn):
    word = "even" if turn % 2 == 0 else "odd"
    for n in range(40):
        path, text = f"{group}.{word}_{n}", f"{group} common {word} " + " ".join(f"w{n}x{i}" for i in range(50))
        yield Entry(path, group, f"{word}_{n}", "", text, (), "", path, "", "", "unknown")
for turn in range(10**9 if mode == "forever" else int(mode)):
    write_group(db, f"servers/{group}", list(entries(turn)), str(turn))
    print(turn, flush=True)
"""

READER = """
import sys
from codegen.search.query import search

db = sys.argv[1]
for _ in range(30):
    for group in ("one", "two"):
        found = [hit.path for hit in search(db, [f"{group} common"], k=200, server=group)[0].hits]
        kinds = {path.split(".")[1].split("_")[0] for path in found}
        assert len(found) == 40 and len(kinds) == 1, (len(found), kinds)
"""


def run(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def rows(db: Path) -> dict[str, list[tuple[object, ...]]]:
    connection = sqlite3.connect(db)
    try:
        return {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            for table in ("groups", "dead", "documents", "postings")
        }
    finally:
        connection.close()


def test_a_group_is_written_once_for_a_digest(db: Path, entry: MakeEntry) -> None:
    assert write_group(db, "servers/a", [entry("a", "first")], "1") is True
    assert write_group(db, "servers/a", [entry("a", "second")], "1") is False
    assert search(db, ["first"])[0].hits
    assert write_group(db, "servers/a", [entry("a", "second")], "2") is True
    assert groups(db) == {"servers/a": "2"}
    assert [hit.path for hit in search(db, ["first second"])[0].hits] == ["a.second"]


def test_an_index_written_in_steps_finds_what_one_written_at_once_finds(
    index: Path, tmp_path: Path, tools: dict[str, Sequence[Entry]], entry: MakeEntry
) -> None:
    for at in range(3):  # grows, shrinks, and comes back
        changed = [*tools["servers/github"], entry("github", "merge_branch", "Merge.")][: 5 - at * 2]
        write_group(index, "servers/github", changed, f"changed {at}")
    write_group(index, "servers/github", tools["servers/github"], "back")
    fresh = tmp_path / "fresh.sqlite"
    for group, entries in reversed(tools.items()):
        write_group(fresh, group, entries, "1")
    queries = ["create issue", "repository", "merge branch", "channel", "list"]
    assert [answer.hits for answer in search(index, queries)] == [answer.hits for answer in search(fresh, queries)]


def test_a_replaced_group_leaves_nothing_behind(db: Path, entry: MakeEntry) -> None:
    write_group(db, "servers/a", [entry("a", "one", "alpha"), entry("a", "two", "beta")], "1")
    write_group(db, "servers/b", [entry("b", "other", "alpha")], "1")
    before = rows(db)
    write_group(db, "servers/c", [entry("c", "new", "alpha")], "1")
    assert remove_group(db, "servers/c") is True
    assert rows(db) == before
    assert remove_group(db, "servers/c") is False
    write_group(db, "servers/a", [], "2")
    assert groups(db) == {"servers/a": "2", "servers/b": "1"}
    assert [hit.path for hit in search(db, ["alpha beta"])[0].hits] == ["b.other"]


def test_an_update_writes_no_other_groups_rows(db: Path, entry: MakeEntry) -> None:
    alike = {name: [entry(name, f"tool_{at}", "alpha beta") for at in range(3)] for name in ("a", "b")}
    write_groups(db, [Group(f"servers/{name}", entries, "1") for name, entries in alike.items()])
    before = rows(db)["postings"]
    write_group(db, "servers/a", alike["a"], "2")
    assert [row for row in rows(db)["postings"] if row[0] == before[0][0]] == before
    write_group(db, "servers/b", alike["b"], "2")
    assert before[0][0] not in {row[0] for row in rows(db)["postings"]}  # nothing of it is alive


def test_segments_are_merged_when_there_are_many(db: Path, tmp_path: Path, entry: MakeEntry) -> None:
    names = [f"s{at}" for at in range(3 * MOST)]
    entries = {name: [entry(name, f"find_{at}", f"common {name} w{at}") for at in range(3)] for name in names}
    for name in names:
        write_group(db, f"servers/{name}", [entry(name, "old", "obsolete")], "0")
        write_group(db, f"servers/{name}", entries[name], "1")
        assert len({row[0] for row in rows(db)["postings"]}) <= MOST
    fresh = tmp_path / "fresh.sqlite"
    write_groups(fresh, [Group(f"servers/{name}", entries[name], "1") for name in names])
    queries = ["common", "s7 common", "w1 find", "s40.find_2"]
    assert [each.hits for each in search(db, queries, k=300)] == [each.hits for each in search(fresh, queries, k=300)]
    assert [each.hits for each in search(db, ["common"], server="s9")] == [
        each.hits for each in search(fresh, ["common"], server="s9")
    ]
    assert search(db, ["obsolete"])[0].weak


def test_a_segment_more_dead_than_alive_is_written_anew(db: Path, entry: MakeEntry) -> None:
    groups = [Group(f"servers/{name}", [entry(name, "tool", f"shared {name}word")], "1") for name in "abc"]
    write_groups(db, groups)
    for name in "ab":
        write_group(db, f"servers/{name}", [entry(name, "tool", "other")], "2")
    assert rows(db)["dead"] == []
    assert [row[1] for row in rows(db)["postings"] if str(row[1]).endswith("word")] == ["cword"]
    assert [hit.path for hit in search(db, ["shared"])[0].hits] == ["c.tool"]


def test_many_groups_are_as_if_written_one_by_one(
    index: Path, tmp_path: Path, tools: dict[str, Sequence[Entry]], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [Group(name, entries, "1") for name, entries in tools.items()]
    for commit in (1, 3, 10_000):
        monkeypatch.setattr(import_module("codegen.search.index"), "A_COMMIT", commit)
        fresh = tmp_path / f"{commit}.sqlite"
        assert write_groups(fresh, iter(wanted)) == list(tools)
        assert write_groups(fresh, wanted) == []
        queries = ["create issue", "list", "github.create_issue", "isue"]
        assert [each.hits for each in search(fresh, queries)] == [each.hits for each in search(index, queries)]
        assert groups(fresh) == groups(index)


def test_groups_of_a_missing_index_are_none(db: Path) -> None:
    assert groups(db) == {}
    assert not db.exists()


def test_the_line_of_a_server_can_be_given(db: Path, entry: MakeEntry) -> None:
    write_group(db, "servers/a", [entry("a", "tool")], "1", summary="When\nyou need A.")
    assert search(db, ["xylophone"])[0].servers[0].summary == "When you need A."


def test_every_field_is_searched(db: Path, entry: MakeEntry) -> None:
    made = entry(
        "serverword",
        "nameword",
        "descriptionword",
        title="titleword",
        parameters=(("parameterword", "textword enumvalue"),),
        server_summary="summaryword",
    )
    write_group(db, "servers/a", [made], "1")
    for word in ["server", "name", "description", "title", "parameter", "text", "summary"]:
        assert search(db, [f"{word}word"])[0].hits, word
    assert search(db, ["enumvalue"])[0].hits


@pytest.mark.parametrize("text", ["\x00", "\ud800", "a\nb", "🎉", "=x", "y" * 1_000_000, "w " * 100_000, ""])
def test_hostile_texts_are_indexed(db: Path, entry: MakeEntry, text: str) -> None:
    made = entry("s" + text, "n" + text, text, title=text, parameters=((text, text),), signature="x" + text)
    write_group(db, f"servers/{text[:9]}", [made, entry("fine", "tool")], "1" + text[:9])
    assert search(db, ["fine tool"])[0].hits[0].path == "fine.tool"
    remove_group(db, f"servers/{text[:9]}")
    assert [table for table, left in rows(db).items() if left] == []


def test_two_writers_and_ten_readers_get_in_nobodys_way(db: Path) -> None:
    for group in ("one", "two"):
        assert run(WRITER, db, group, 1).wait() == 0
    processes = [run(WRITER, db, group, 30) for group in ("one", "two")]
    processes += [run(READER, db) for _ in range(10)]
    for process in processes:
        _, errors = process.communicate()
        assert process.returncode == 0, errors


def test_many_processes_can_be_the_first(db: Path) -> None:
    processes = [run(WRITER, db, f"server{at}", 2) for at in range(6)]
    for process in processes:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    assert groups(db) == {f"servers/server{at}": "1" for at in range(6)}


def test_a_commit_is_seen_by_the_next_search(db: Path) -> None:
    writer = run(WRITER, db, "one", 20)
    assert writer.stdout is not None
    for line in writer.stdout:
        # The writer may be a turn ahead by now, never one behind what it said.
        assert int(groups(db)["servers/one"]) >= int(line)
    assert writer.wait() == 0
    writer.communicate()


@pytest.mark.parametrize("turns", [1, 2, 5])
def test_a_writer_killed_in_the_middle_loses_nothing(db: Path, entry: MakeEntry, turns: int) -> None:
    write_group(db, "servers/safe", [entry("safe", "kept", "precious")], "1")
    writer = run(WRITER, db, "one", "forever")
    assert writer.stdout is not None
    said = [int(writer.stdout.readline()) for _ in range(turns)]
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    found = groups(db)
    assert found["servers/safe"] == "1" and int(found["servers/one"]) >= said[-1]
    word = "odd" if int(found["servers/one"]) % 2 else "even"
    hits = search(db, ["common"], k=100, server="one")[0].hits
    assert len(hits) == 40 and all(hit.path.startswith(f"one.{word}_") for hit in hits)
    assert search(db, ["precious"])[0].hits[0].path == "safe.kept"
    assert write_group(db, "servers/one", [entry("one", "after")], "after") is True
