from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from codegen.errors import CodegenError, WorkspaceError
from codegen.search.database import put_sound
from codegen.search.fields import Entry
from codegen.search.index import groups, remove_group, write_group
from codegen.search.query import search

MakeEntry = Callable[..., Entry]


def foreign(db: Path) -> None:
    connection = sqlite3.connect(db)
    connection.execute("CREATE TABLE groups (something TEXT)")
    connection.commit()
    connection.close()


def older(db: Path) -> None:
    connection = sqlite3.connect(db)
    connection.execute("PRAGMA user_version=999")
    connection.commit()
    connection.close()


def scribbled(db: Path) -> None:
    content = bytearray(db.read_bytes())
    content[100:] = b"\xff" * (len(content) - 100)
    db.write_bytes(content)


DAMAGE = {
    "text": lambda db: db.write_text("not a database at all\n" * 100),
    "empty": lambda db: db.write_bytes(b""),
    "cut": lambda db: db.write_bytes(db.read_bytes()[: db.stat().st_size // 2]),
    "scribbled": scribbled,
    "foreign": lambda db: (db.unlink(), foreign(db)),
    "older": older,
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_reader_of_an_unusable_file_points_to_sync(index: Path, kind: str) -> None:
    DAMAGE[kind](index)
    with pytest.raises(WorkspaceError, match="codegen sync"):
        search(index, ["issue", "list repository channel message"], k=50)


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_sync_mends_an_unusable_file(index: Path, tools: dict[str, Sequence[Entry]], kind: str) -> None:
    DAMAGE[kind](index)
    assert groups(index) == {}
    for group, entries in tools.items():
        write_group(index, group, entries, "1")
    assert groups(index) == dict.fromkeys(sorted(tools), "1")
    assert search(index, ["open an issue"])[0].hits[0].path == "github.create_issue"


def test_removing_from_an_unusable_file_mends_it(index: Path) -> None:
    scribbled(index)
    assert remove_group(index, "servers/github") is False
    assert search(index, ["issue"])[0].weak


def test_damage_that_no_check_sees_is_mended_by_the_next_write(index: Path, entry: MakeEntry) -> None:
    connection = sqlite3.connect(index)
    connection.execute("UPDATE groups SET digest=CAST(x'ff' AS TEXT)")
    connection.commit()
    connection.close()
    assert write_group(index, "skills", [entry("skills", "report")], "2") is True
    assert groups(index) == {"skills": "2"}


def test_a_sound_file_is_not_replaced(index: Path) -> None:
    before = groups(index)
    put_sound(str(index))
    assert groups(index) == before != {}


@pytest.mark.parametrize("seed", range(30))
def test_flipped_bytes_give_an_answer_or_an_error_of_ours(index: Path, entry: MakeEntry, seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(index.read_bytes())
    for _ in range(chance.choice((1, 20, 200))):
        content[chance.randrange(len(content))] = chance.randrange(256)
    index.write_bytes(content)
    try:
        search(index, ["open an issue", "isue", "github.create_issue"], server=chance.choice((None, "github")))
    except CodegenError as error:
        assert "codegen" in str(error) or "server" in str(error)
    for group, digest in groups(index).items():
        assert isinstance(group, str) and isinstance(digest, str)
    write_group(index, "servers/new", [entry("new", "tool", "Brand new.")], "1")
    assert groups(index) == {} or groups(index)["servers/new"] == "1"


def test_a_reader_goes_on_while_the_file_is_replaced(index: Path, tools: dict[str, Sequence[Entry]]) -> None:
    connection = sqlite3.connect(f"file:{index}?mode=ro", uri=True)
    rows = connection.execute("SELECT path FROM documents")
    first = rows.fetchone()
    older(index)
    write_group(index, "skills", tools["skills"], "1")
    assert first and len(rows.fetchall()) == sum(map(len, tools.values())) - 1
    connection.close()


def test_a_path_may_hold_what_a_uri_may_not(tmp_path: Path, entry: MakeEntry) -> None:
    db = tmp_path / "a b?c#d%20é" / "index.sqlite"
    write_group(db, "skills", [entry("skills", "report")], "1")
    assert search(db, ["report"])[0].hits


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path, entry: MakeEntry) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="can't be written"):
        write_group(tmp_path / "file" / "index.sqlite", "skills", [entry("skills", "report")], "1")
    with pytest.raises(WorkspaceError, match="can't be written"):
        write_group(tmp_path, "skills", [entry("skills", "report")], "1")
