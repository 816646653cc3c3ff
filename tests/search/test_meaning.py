from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from codegen.errors import ConfigError
from codegen.search.fields import Entry
from codegen.search.index import Group, remove_group, write_group, write_groups
from codegen.search.meaning import Meaning, meaning
from codegen.search.query import search

pytest.importorskip("numpy", reason="the extra `semantic` is not installed")
ROOT = Path(__file__).parents[2]
MODULE = """
def embed(texts):
    return [[float("truck" in text or "lorry" in text), float("issue" in text), 0.1] for text in texts]
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Meaning:
    """A user's own function, from a module beside the workspace."""
    (tmp_path / "installed").mkdir()
    (tmp_path / "installed" / "own_vectors.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path / "installed")
    found = meaning("own_vectors:embed", tmp_path / "workspace")
    assert found is not None
    return found


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "workspace" / ".codegen" / "index.sqlite"


@pytest.fixture
def groups(tools: dict[str, Sequence[Entry]], entry: Callable[..., Entry]) -> list[Group]:
    lorries = [entry("fleet", "rent_truck", "Rent a truck.")]
    return [Group(name, entries, "1") for name, entries in {**tools, "servers/fleet": lorries}.items()]


def paths(db: Path, query: str, **options: object) -> list[str]:
    return [hit.path for hit in search(db, [query], **options)[0].hits]  # type: ignore[arg-type]


def test_a_meaning_is_found_without_a_word_in_common(db: Path, groups: list[Group], own: Meaning) -> None:
    write_groups(db, groups)
    assert paths(db, "lorry") == []
    write_groups(db, groups, own)  # the same digest, but there were no vectors yet
    answer = search(db, ["lorry"])[0]
    assert answer.hits[0].path == "fleet.rent_truck" and not answer.weak
    assert paths(db, "lorry", server="github")[:1] != ["fleet.rent_truck"]
    assert paths(db, "github.create_issue")[0] == "github.create_issue"
    assert write_groups(db, groups, own) == []
    write_groups(db, groups)
    assert paths(db, "lorry") == []


def test_vectors_go_with_their_group(db: Path, groups: list[Group], own: Meaning) -> None:
    write_groups(db, groups, own)
    remove_group(db, "servers/fleet")
    assert "fleet.rent_truck" not in paths(db, "lorry")


def test_a_function_that_is_gone_leaves_the_words(
    db: Path, groups: list[Group], own: Meaning, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_groups(db, groups, own)
    monkeypatch.undo()
    sys.modules.pop("own_vectors")
    assert paths(db, "open an issue")[0] == "github.create_issue"


def test_a_module_of_the_workspace_is_never_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sneaky.py").write_text("raise SystemExit('it ran')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match="lies in the workspace"):
        meaning("sneaky:embed", tmp_path)


@pytest.mark.parametrize("name", ["no_such_module:embed", "os.path:no_such_function"])
def test_a_function_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=name):
        meaning(name, tmp_path)


@pytest.mark.skipif(find_spec("wordllama") is None, reason="the extra `semantic` is not installed")
def test_the_static_vectors_know_what_is_alike(db: Path, entry: Callable[..., Entry], tmp_path: Path) -> None:
    entries = [entry("a", "rent_truck", "Rent a truck."), entry("a", "bake_bread", "Bake a loaf of bread.")]
    write_groups(db, [Group("servers/a", entries, "1")], meaning("static", tmp_path))
    assert paths(db, "hire a lorry")[0] == "a.rent_truck"
    assert paths(db, "making toast")[0] == "a.bake_bread"


def test_without_vectors_nothing_of_it_is_imported(db: Path, groups: list[Group]) -> None:
    for group in groups:
        write_group(db, group.name, group.entries, "1")
    code = (
        "import sys; from codegen.search.query import search; search(sys.argv[1], ['open an issue']);"
        "print(sorted({'numpy', 'tokenizers', 'codegen.search.vectors', 'codegen.search.meaning'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(db)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
