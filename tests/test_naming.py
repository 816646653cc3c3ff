from __future__ import annotations

import keyword
import random

import pytest
from generate.written import NAMES
from hypothesis import given
from hypothesis import strategies as st

from codegen.naming import assign_names, class_name, identifier, package_name, package_names, parameter_names

names = st.text(max_size=150) | st.text(alphabet="aA_-./1 é\u200b🙂", max_size=12) | st.sampled_from(NAMES)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("create_issue", "create_issue"),
        ("createIssue", "createIssue"),
        ("get-item", "get_item"),
        ("repos/list.all", "repos_list_all"),
        ("from", "from_"),
        ("None", "None_"),
        ("match", "match"),
        ("self", "self"),
        ("list", "list"),
        ("3d_model", "_3d_model"),
        ("__class__", "class__"),
        ("__debug__", "debug__"),
        ("_", "_"),
        ("名前", "名前"),
        ("ﬁ", "fi"),
        ("e\u0301", "é"),
        ("a\u3164b", "a_b"),
        ("", "unnamed_e3b0c4"),
        ("🙂", "unnamed_d06f15"),
    ],
)
def test_the_wire_spelling_stays_where_python_takes_it(raw: str, name: str) -> None:
    assert identifier(raw) == name


@given(names)
def test_every_text_becomes_an_identifier_that_python_reads_back_unchanged(raw: str) -> None:
    name = identifier(raw)
    assert name.isidentifier()
    assert not keyword.iskeyword(name)
    assert len(f"{name}.py".encode()) <= 255
    scope: dict[str, object] = {}
    exec(f"def f(*, {name}): return {name}", scope)
    assert scope["f"](**{name: 1}) == 1  # type: ignore[operator]


@given(st.lists(names, max_size=12))
def test_no_two_tools_share_a_file_even_where_case_is_ignored(raws: list[str]) -> None:
    assigned = assign_names(raws)
    assert set(assigned) == set(raws)
    assert len({name.casefold() for name in assigned.values()}) == len(set(raws))


@given(st.lists(names, max_size=8, unique=True), st.lists(names, max_size=4, unique=True), st.randoms())
def test_adding_tools_in_any_order_renames_no_other(old: list[str], new: list[str], chance: random.Random) -> None:
    known = assign_names(old)
    for count in range(len(new) + 1):
        mixed = [*new[:count], *old]
        chance.shuffle(mixed)
        after = assign_names(mixed, known)
        assert {raw: after[raw] for raw in known} == known
        known = after


def test_a_name_of_any_length_is_read_in_bounded_time_and_keeps_its_own_hash() -> None:
    long = ["_" * 100_000 + "a", "_" * 100_000 + "b", "é" * 100_000, "x" * 5_000]
    assert len({identifier(raw) for raw in long}) == 4
    assert all(len(identifier(raw)) <= 100 for raw in long)


def test_of_two_spellings_the_one_that_needs_no_change_keeps_the_plain_name() -> None:
    assert assign_names(["get-item", "get_item"]) == {"get-item": "get_item_e189d4", "get_item": "get_item"}


def test_a_name_that_the_file_of_an_earlier_sync_made_up_is_not_believed() -> None:
    assert assign_names(["a", "b"], {"a": "../../evil", "b": "call"}) == {"a": "a", "b": "b"}


def test_a_tool_is_never_called_as_what_its_module_imports_or_as_a_device() -> None:
    raws = ["call", "Any", "UNSET", "locals", "con", "NUL", "__init__"]
    assert list(assign_names(raws).values()) == ["call_", "Any_", "UNSET_", "locals_", "con_", "NUL_", "init__"]


def test_a_server_never_takes_the_place_of_the_client_or_its_names() -> None:
    assert package_names(["_client", "gather", "ToolError"]) == {
        "_client": "_client_",
        "gather": "gather_",
        "ToolError": "ToolError_",
    }
    assert package_name("my server") == "my_server"


def test_parameters_that_would_be_the_same_are_numbered_and_exact_spellings_stay() -> None:
    raws = ["a-b", "a_b", "a.b", "a_b_2", "call", "from"]
    assert parameter_names(raws, {"call"}) == {
        "a-b": "a_b_3",
        "a_b": "a_b",
        "a.b": "a_b_4",
        "a_b_2": "a_b_2",
        "call": "call_",
        "from": "from_",
    }


@given(names)
def test_every_text_becomes_a_class_name(raw: str) -> None:
    name = class_name(raw)
    assert name.isidentifier()
    assert not keyword.iskeyword(name)
    assert name[0] != "_"


def test_class_names_are_written_in_capitals() -> None:
    assert class_name("create-issue_result") == "CreateIssueResult"
    assert class_name("APIKey") == "APIKey"
    assert class_name("none") == "None_"
