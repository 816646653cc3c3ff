from __future__ import annotations

import pytest

from codegen.model import Effect
from codegen.search.request import OTHER_NUMBER, SEEMING, UNASKED, agreement, read_request


@pytest.mark.parametrize(
    "text",
    [
        "is it in stock",
        "how many are left",
        "show the order",
        "commits of a branch",
        "the status of a build",
        "my unpaid bills",
        "cancelled orders",
        "number of members",
    ],
)
def test_a_question_and_a_thing_without_a_verb_ask_to_look(text: str) -> None:
    assert read_request(text, {}).looks


@pytest.mark.parametrize(
    "text",
    [
        "commit the changes",
        "cancel an order",
        "creating orders",
        "archive a card",  # not in the lists of verbs
        "how do I add members",
        "can you send a reminder?",
        "Bestellung anlegen",
        "发邮件给客户",
        "the of and",
    ],
)
def test_a_command_and_what_is_not_understood_do_not(text: str) -> None:
    assert not read_request(text, {}).looks


@pytest.mark.parametrize(
    ("text", "name", "effect", "share"),
    [
        ("commits of a branch", "vcs_commit", "writes", UNASKED * OTHER_NUMBER),  # the plural commands nothing
        ("what should I commit", "vcs_commit", "writes", 1.0),
        ("what time is it", "convert_time", "reads", SEEMING),
        ("what time is it", "get_current_time", "reads", 1.0),
        ("labels on a board", "create_label", "unknown", SEEMING * OTHER_NUMBER),
        ("labels on a board", "board-labels-create", "unknown", SEEMING),
        ("labels on a board", "get_label", "unknown", OTHER_NUMBER),
        ("labels on a board", "get_board_labels", "unknown", 1.0),
        ("label a message", "list_labels", "reads", OTHER_NUMBER),
        ("pull requests of a branch", "merge_pull_requests", "unknown", SEEMING),  # to pull is to merge, a pull is not
        ("summary of a text", "summarize_text", "unknown", 1.0),
        ("deleted files", "delete_files", "unknown", SEEMING),
        ("a file", "delete_file", "destructive", UNASKED),  # even where the request is not understood
        ("erase a file", "delete_file", "destructive", 1.0),
        ("rename a label", "label_write", "destructive", 1.0),
        ("ignore a message", "manage_message", "destructive", 1.0),
        ("messages", "manage_messages", "destructive", UNASKED),
    ],
)
def test_a_tool_that_does_more_or_at_others_than_asked_for_is_put_down(
    text: str, name: str, effect: Effect, share: float
) -> None:
    assert agreement(name, effect, read_request(text, {})) == pytest.approx(share)


def test_a_synonym_of_the_workspace_may_command() -> None:
    own = {"zap": ("delet",)}
    assert agreement("delete_file", "destructive", read_request("zap a file", own)) == 1.0
