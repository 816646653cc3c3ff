from __future__ import annotations

from pathlib import Path

from codegen.skills.skill import Skill
from codegen.skills.stale import StaleTool, stale


def skill(**tools: str) -> Skill:
    named = {name.replace("__", "."): value for name, value in tools.items()}
    return Skill("report", Path("report.py"), "report", "", (), "", named)


def test_a_skill_whose_tools_are_as_they_were_is_not_stale() -> None:
    assert stale([skill(github__list="a")], {"github.list": "a", "github.other": "b"}) == ()


def test_changed_and_removed_tools_are_told_apart() -> None:
    found = stale([skill(github__list="a", github__gone="b")], {"github.list": "c"})
    assert found == (StaleTool("report", "github.gone", "removed"), StaleTool("report", "github.list", "changed"))
    assert str(found[1]) == "skills.report: github.list was changed"


def test_a_tool_without_recorded_hash_can_only_be_found_removed() -> None:
    assert stale([skill(github__list="")], {"github.list": "c"}) == ()
    assert stale([skill(github__list="")], {}) == (StaleTool("report", "github.list", "removed"),)


def test_unknown_tools_of_a_server_are_stale_when_the_server_is_gone() -> None:
    whole = Skill("report", Path("report.py"), "report", "", (), "", {"github.*": "", "*.*": ""})
    assert stale([whole], {"github.list": "c"}) == ()
    assert stale([whole], {"slack.post": "c"}) == (StaleTool("report", "github.*", "removed"),)
