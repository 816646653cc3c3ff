from __future__ import annotations

import stat
from pathlib import Path

import pytest

from codegen.config.paths import Workspace
from codegen.search.find import find
from codegen.search.remember import IN_ALL, PER_TOOL, WINDOW, Use, credit, forget, remember
from codegen.search.uses import MOST_PENDING, kept_words, learned, note


@pytest.fixture
def place(index: Path) -> Workspace:
    """A workspace whose index is the one of conftest."""
    state = index.parent / ".codegen"
    state.mkdir()
    index.rename(state / "index.sqlite")
    return Workspace(index.parent)


def found(place: Workspace, query: str) -> list[str]:
    return [hit.path for hit in find(place, [query])[0].hits]


def test_the_words_of_a_search_find_the_tool_that_was_called(place: Workspace) -> None:
    assert found(place, "ping squad") == []
    assert credit(place.searches, place.uses, {"slack.post_message"}, ()) > 0
    assert found(place, "ping squad")[0] == "slack.post_message"


def test_a_search_is_credited_to_the_first_tool_it_had_shown(place: Workspace) -> None:
    shown = found(place, "issues of a repository")
    assert {"github.create_issue", "github.list_issues"} <= set(shown)
    credit(place.searches, place.uses, {"github.create_issue", "github.list_issues"}, ())
    first = next(path for path in shown if path in {"github.create_issue", "github.list_issues"})
    assert set(learned(place.uses, ["issu"])["issu"]) == {first}


def test_a_search_that_found_no_tool_of_the_run_goes_on_waiting(place: Workspace) -> None:
    find(place, ["open an issue"])
    assert credit(place.searches, place.uses, set(), ()) == 0
    assert credit(place.searches, place.uses, {"github.create_issue"}, ()) == 1


def test_what_a_run_passed_to_its_tools_is_not_kept(place: Workspace) -> None:
    find(place, ["open an issue for Miller"])
    credit(place.searches, place.uses, {"github.create_issue"}, ["Miller & Sons"])
    assert learned(place.uses, ["open", "issu", "mill"]).keys() == {"open", "issu"}


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("send 'a secret title' to bob@example.com", ["send", "email"]),
        ('find "red shoes" for order 4711', ["find", "order"]),
        ("查找「红鞋」的订单", ["查找", "的订", "订单"]),
        ("token sk-abc123def and key AKIA99", ["token", "key"]),
        ("don't delete it", ["delet"]),
        ("an „unclosed quote is a value", []),
        ("x" * 500, []),
    ],
)
def test_no_literal_of_a_search_is_kept(query: str, kept: list[str]) -> None:
    assert [word for word in kept_words(query) if word not in {"sk"}] == kept


def test_old_searches_wait_for_no_run(place: Workspace) -> None:
    Path(place.searches).write_text(f"{1_000_000}\topen issu\tgithub.create_issue\nnonsense\n\t\t\n")
    assert credit(place.searches, place.uses, {"github.create_issue"}, ()) == 0
    assert WINDOW < 86_400


def test_what_is_kept_is_bounded_and_for_its_owner_alone(place: Workspace) -> None:
    remember(place.uses, [Use("a.b", (f"w{at}",), at) for at in range(PER_TOOL * 2)])
    assert not learned(place.uses, ["w0"]) and learned(place.uses, [f"w{PER_TOOL * 2 - 1}"])
    remember(place.uses, [Use(f"a.t{at}", ("word",), at) for at in range(IN_ALL + 10)])
    assert forget(place.uses) == IN_ALL
    note(place.searches, find(place, ["open an issue"]))
    assert stat.S_IMODE(Path(place.searches).stat().st_mode) == 0o600
    Path(place.searches).write_text("x" * (MOST_PENDING + 1))
    note(place.searches, find(place, ["open an issue"]))
    assert Path(place.searches).stat().st_size < 1000


def test_forgetting_leaves_nothing(place: Workspace) -> None:
    find(place, ["ping squad"])
    credit(place.searches, place.uses, {"slack.post_message"}, ())
    find(place, ["ping squad"])
    assert forget(place.uses, place.searches) == 1
    assert sorted(path.name for path in Path(place.uses).parent.iterdir() if "index" not in path.name) == []
    assert forget(place.uses, place.searches) == 0


def test_a_damaged_memory_knows_nothing_and_is_begun_anew(place: Workspace) -> None:
    Path(place.uses).write_bytes(b"not a database at all" * 100)
    assert found(place, "open an issue")[0] == "github.create_issue"
    assert credit(place.searches, place.uses, {"github.create_issue"}, ()) == 1
    assert learned(place.uses, ["open"])


def test_uses_survive_an_index_that_is_made_anew_and_a_tool_that_is_gone(place: Workspace) -> None:
    remember(place.uses, [Use("slack.post_message", ("ping",), 1), Use("gone.tool", ("ping",), 1)])
    assert found(place, "ping") == ["slack.post_message"]
    assert found(place, "ping") == [hit.path for hit in find(place, ["ping"], server="slack")[0].hits]
    assert find(place, ["ping"], server="github")[0].hits == ()


def test_a_workspace_that_cannot_be_written_is_searched_all_the_same(place: Workspace) -> None:
    answers = find(place, ["open an issue"])
    note(str(place.root / "missing" / "searches.txt"), answers)
    assert answers[0].hits
