"""A skill from the command line: the script whose `main` it is, which is checked and run like any other."""

from __future__ import annotations

from collections.abc import Sequence

from codegen.errors import SkillError
from codegen.skills.skill import Skill


def script_that_calls(skill: Skill, given: Sequence[str]) -> str:
    """The script for `name=value` arguments. Whether they fit is left to the run. Raises SkillError for other words."""
    for text in given:
        name, mark, _ = text.partition("=")
        if not mark or not name.isidentifier():
            raise SkillError(f"argument {text!r}: expected name=value", hint=f"it is {skill.signature}")
    return f"from skills.{skill.name} import {skill.entry} as main\n"
