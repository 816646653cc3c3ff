from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.errors import UsageError, WorkspaceError
from codegen.search.fields import Entry
from codegen.search.index import write_group
from codegen.search.names import lookup
from codegen.search.query import search

MakeEntry = Callable[..., Entry]

ROOT = Path(__file__).parents[2]


def paths(index: Path, query: str, **options: object) -> list[str]:
    return [hit.path for hit in search(index, [query], **options)[0].hits]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("open an issue", "github.create_issue"),
        ("listing issues", "github.list_issues"),
        ("erase a repository", "github.delete_repository"),
        ("propose a pull request", "github.createPullRequest"),
        ("send something to a channel", "slack.post_message"),
        ("天气", "weather.huo_qu"),
        ("weekly report", "skills.weekly_report"),
        ("use brave search to find cats", "brave_search.web_search"),
    ],
)
def test_a_request_finds_its_tool(index: Path, query: str, first: str) -> None:
    assert paths(index, query)[0] == first


@pytest.mark.parametrize(
    "name",
    [
        "github.create_issue",
        "create_issue",
        "GitHub.Create_Issue",
        "servers/github/create_issue.py",
        "./servers/github/create_issue.py",
        "servers.github.create_issue",
        "github/create_issue",
        "github:create_issue",
        "mcp__github__create_issue",
        "`github.create_issue()`",
    ],
)
def test_a_whole_name_comes_first_in_any_spelling(index: Path, name: str) -> None:
    answer = search(index, [name])[0]
    assert answer.hits[0].path == "github.create_issue"
    assert not answer.weak
    found = lookup(index, name)
    assert found is not None and found.path == "github.create_issue"


def test_a_wire_name_finds_the_path_it_was_given(index: Path) -> None:
    assert paths(index, "brave-search.web_search")[0] == "brave_search.web_search"
    assert paths(index, "createpullrequest")[0] == "github.createPullRequest"


def test_lookup_knows_nothing_but_whole_names(index: Path) -> None:
    assert lookup(index, "create issue") is None
    assert lookup(index, "github.create") is None
    assert lookup(index, "") is None


def test_several_queries_are_answered_in_their_order(index: Path) -> None:
    answers = search(index, ["open an issue", "post a message"])
    assert [answer.query for answer in answers] == ["open an issue", "post a message"]
    assert answers[1].hits[0].path == "slack.post_message"


@pytest.mark.parametrize("name", ["brave-search", "brave", "Brave Search"])
def test_a_server_is_meant_by_its_wire_name_and_its_folder(index: Path, name: str) -> None:
    assert paths(index, "search list post create", server=name) == ["brave_search.web_search"]


def test_an_unknown_server_is_named_with_the_nearest(index: Path) -> None:
    with pytest.raises(UsageError, match="gitub") as caught:
        search(index, ["issue"], server="gitub")
    assert "did you mean github?" in caught.value.hint


def test_k_bounds_the_hits(index: Path) -> None:
    assert len(paths(index, "issue", k=1)) == 1
    for k in (0, -1, 100_000):
        with pytest.raises(UsageError, match="k is"):
            search(index, ["issue"], k=k)


def test_hits_carry_what_is_shown(index: Path) -> None:
    hit = search(index, ["delete repository"])[0].hits[0]
    assert hit.signature.startswith("github.delete_repository(value: str) -> str")
    assert (hit.effect, hit.writes, hit.summary) == ("destructive", True, "Delete a repository for good.")
    assert not search(index, ["list_issues"])[0].hits[0].writes


def test_a_skill_wins_a_tie(db: Path, entry: MakeEntry) -> None:
    for group, server in (("servers/alpha", "alpha"), ("skills", "skills"), ("servers/zeta", "zeta")):
        same = entry(server, "report", "Make the report.", server_summary="")
        write_group(db, group, [same], "1")
    assert paths(db, "make the report")[0] == "skills.report"


def test_nothing_found_names_the_servers(index: Path) -> None:
    answer = search(index, ["xylophone quartz"])[0]
    assert answer.weak and not answer.hits
    assert [server.folder for server in answer.servers] == ["brave", "github", "skills", "slack", "weather"]
    assert answer.servers[1].summary == "Tools of github." and answer.servers[1].size == 4


def test_a_word_in_passing_makes_a_weak_answer(index: Path) -> None:
    query = "translate ancient hieroglyphic manuscripts about pharaohs dynasties pyramids workspace mythology"
    answer = search(index, [query])[0]
    assert answer.weak and answer.servers


@pytest.mark.parametrize(
    ("query", "first"), [("repositry", "github.delete_repository"), ("mesages", "slack.post_message")]
)
def test_spelling_is_mended_when_nothing_was_found(index: Path, query: str, first: str) -> None:
    assert first in paths(index, query)


def test_a_beginning_is_enough_when_nothing_was_found(index: Path) -> None:
    assert set(paths(index, "chann")) >= {"slack.list_channels", "slack.post_message"}


@pytest.mark.parametrize("effect", ["destructive", "unknown"])
def test_a_tool_that_destroys_comes_first_only_when_that_was_asked_for(db: Path, entry: MakeEntry, effect: str) -> None:
    tools = [
        entry("shop", "delete_order", "Delete an order.", effect=effect),
        entry("shop", "list_orders", "List all orders with their lines, oldest first.", effect="reads"),
        entry("shop", "get_order", "Show what one order holds, and where it is now.", effect="reads"),
    ]
    write_group(db, "servers/shop", tools, "1")
    assert paths(db, "late orders")[-1] == "shop.delete_order"
    assert paths(db, "erase an order")[0] == "shop.delete_order"
    assert paths(db, "delete_order")[0] == "shop.delete_order"


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("is it in stock", "get_stock"),
        ("how many are in stock", "get_stock"),
        ("what stock should I adjust", "adjust_stock"),
        ("how do I correct the stock", "adjust_stock"),
        ("can you adjust the stock?", "adjust_stock"),
    ],
)
def test_a_question_finds_a_tool_that_reads_unless_it_has_the_others_verb(
    db: Path, entry: MakeEntry, query: str, first: str
) -> None:
    tools = [
        entry("shop", "adjust_stock", "Correct the number of pieces in stock.", effect="writes"),
        entry("shop", "get_stock", "See how much of a product is on the shelves.", effect="reads"),
    ]
    write_group(db, "servers/shop", tools, "1")
    assert paths(db, query)[0] == f"shop.{first}"


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("commits of a repository", "vcs_log"),
        ("commit to the repository", "vcs_commit"),
        ("what time is it there", "get_local_time"),
        ("convert a time", "convert_time"),
        ("members", "list_members"),
        ("a member", "get_member"),
    ],
)
def test_a_thing_finds_what_shows_it_in_its_number_and_a_command_what_does_it(
    db: Path, entry: MakeEntry, query: str, first: str
) -> None:
    tools = [
        entry("desk", "vcs_commit", "Record what was staged in the repository.", effect="writes"),
        entry("desk", "vcs_log", "Show the last commits of the repository.", effect="reads"),
        entry("desk", "convert_time", "Turn a time into that of another zone.", effect="reads"),
        entry("desk", "get_local_time", "Tell the time in a zone.", effect="reads"),
        entry("desk", "get_member", "Show a member of a group.", effect="reads"),
        entry("desk", "list_members", "Show the members of a group, a page at a time, oldest first.", effect="reads"),
    ]
    write_group(db, "servers/desk", tools, "1")
    assert paths(db, query)[0] == f"desk.{first}"


def test_synonyms_of_the_workspace_are_followed(index: Path, tmp_path: Path) -> None:
    file = tmp_path / "synonyms.txt"
    file.write_text("kanal, channel\n")
    assert paths(index, "kanal") == []
    assert set(paths(index, "kanal", synonyms_file=str(file))) == {"slack.list_channels", "slack.post_message"}


def test_a_long_request_that_has_its_words_is_not_weak(index: Path) -> None:
    query = "my colleague Aurelia asked yesterday whether somebody could please open a new issue in our repository"
    answer = search(index, [query])[0]
    assert not answer.weak and answer.hits[0].path == "github.create_issue"


def test_stop_words_find_a_tool_named_by_them(db: Path, entry: MakeEntry) -> None:
    write_group(db, "servers/me", [entry("me", "who_am_i", "The account in use.")], "1")
    assert paths(db, "who am i") == ["me.who_am_i"]


@pytest.mark.parametrize(
    "query",
    [
        '" OR 1=1; DROP TABLE postings; --',
        "NEAR(issue, 5) AND NOT *",
        "issue*",
        "\x00",
        "\x00issue\x00",
        "🎉🎉",
        "👩‍👩‍👧 family",
        "the of and",
        "a" * 100_000,
        "issue " * 20_000,
        "\ud800 issue",
        "%s {0} ${HOME} `id`",
        "'",
        "=",
        "=github.create_issue",
        "…",
        "\u202eissue",
    ],
)
def test_a_hostile_query_gets_an_answer(index: Path, query: str) -> None:
    answer = search(index, [query])[0]
    assert answer.hits or answer.servers


@pytest.mark.parametrize("queries", [[], [""], ["  \n"], ["issue", ""]])
def test_an_empty_query_says_what_to_do(index: Path, queries: list[str]) -> None:
    with pytest.raises(UsageError, match="codegen search"):
        search(index, queries)


def test_one_string_is_one_query(index: Path) -> None:
    assert len(search(index, "open an issue")) == 1


def test_a_missing_index_points_to_sync(db: Path) -> None:
    with pytest.raises(WorkspaceError, match="codegen sync"):
        search(db, ["issue"])
    with pytest.raises(WorkspaceError, match="codegen sync"):
        lookup(db, "github.create_issue")
    assert not db.exists()


def test_searching_imports_nothing_heavy(index: Path) -> None:
    code = """
import sys
before = set(sys.modules)
from codegen.search.answer import render
from codegen.search.query import search
render(search(sys.argv[1], ["open an issue", "xylophone", "servers/github/create_issue.py"]))
heavy = {"re", "typing", "dataclasses", "inspect", "json", "pathlib", "difflib", "codegen.model", "codegen.errors"}
print(sorted(heavy & (set(sys.modules) - before)))
"""
    found = subprocess.run(
        [sys.executable, "-c", code, str(index)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
