from __future__ import annotations

from typing import Any

import pytest

from codegen.generate.echoes import is_echo, without_echo


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The ID of the issue", "issueId"),
        ("Issue number.", "issue_number"),
        ("Whether to include archived", "includeArchived"),
        ("ID", "id"),
    ],
)
def test_a_text_of_its_name_s_words_is_an_echo(text: str, name: str) -> None:
    assert is_echo(text, name, "")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The name of the database", "database"),  # its name, not its id
        ("List of issue UUIDs", "issues"),
        ("Repository name", "repo"),
        ("In seconds", "timeout"),
        ("issue " * 20, "issue"),  # long texts have a reason
        ("Задача", "issue"),
    ],
)
def test_a_text_with_a_word_of_its_own_is_none(text: str, name: str) -> None:
    assert not is_echo(text, name, "")


def test_words_of_the_tool_are_known_beside_one_of_the_name_s() -> None:
    assert is_echo("The policy to deactivate", "policy_id", "deactivate_policy")
    assert not is_echo("The policy to activate", "policy_id", "deactivate_policy")
    assert not is_echo("The branch to merge", "source", "Merge a branch")


@pytest.mark.parametrize(
    ("text", "schema", "left"),
    [
        ("Optional. Filter by name", {}, "Filter by name"),
        ("Optional filter", {}, "filter"),
        ("Page size (optional)", {}, "Page size"),
        ("The path of the file", {}, "path of the file"),
        ("A letter needs no stamp", {}, "A letter needs no stamp"),
        ("Required. The schema says otherwise", {}, "Required. The schema says otherwise"),
        ("Optional, but do give it", {}, "Optional, but do give it"),
        ("How many (default: 10)", {"default": 10}, "How many"),
        ("How many. Defaults to 10.", {"default": 10}, "How many."),
        ("How many (1-50, default 10)", {"default": 10}, "How many (1-50)"),
        ("Recursive, default: false", {"default": False}, "Recursive"),
        ("How many (default: 20)", {"default": 10}, "How many (default: 20)"),
        ("How many (default: 10)", {}, "How many (default: 10)"),
    ],
)
def test_what_the_signature_says_is_left_out_of_a_description(text: str, schema: dict[str, Any], left: str) -> None:
    assert without_echo(text, schema) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Sort order: asc or desc", "Sort order"),
        ("Sort order ('asc' | 'desc')", "Sort order"),
        ('Sort order. Must be one of: "asc", "desc".', "Sort order."),
        ("asc, desc", ""),
        ("asc: oldest first, desc: newest first", "asc: oldest first, desc: newest first"),
        ("Sort ascending or descending", "Sort ascending or descending"),
        ("asc only", "asc only"),
    ],
)
def test_a_list_of_all_choices_is_left_out_unless_it_says_what_they_mean(text: str, left: str) -> None:
    assert without_echo(text, {"enum": ["asc", "desc"]}) == left


@pytest.mark.parametrize(
    ("text", "choices", "left"),
    [
        ("How they are joined: and or or", ["and", "or"], "How they are joined"),
        ("Must be one of AND, OR.", ["and", "or"], ""),
        ("The unit, m or m2", ["m", "m2"], "The unit,"),
        ("Mixed m, or m2 or others", ["m", "m2"], "Mixed or others"),
        ("Sort: in or out, İ", ["in", "out"], "Sort: in or out, İ"),  # which is two letters in small ones
    ],
)
def test_choices_may_be_called_as_what_stands_between_them(text: str, choices: list[str], left: str) -> None:
    assert without_echo(text, {"enum": choices}) == left
