"""A skill from the command line: the script that calls it, which is checked and run like any other."""

from __future__ import annotations

from collections.abc import Sequence

from codegen.errors import SkillError
from codegen.runtime.entry import argument_value
from codegen.skills.skill import Skill


def script_that_calls(skill: Skill, given: Sequence[str]) -> str:
    """The script for `name=value` arguments; a value is JSON where it is, and text where the parameter says `str`.

    Wrong names and types are left to the check, which knows the signature. Raises SkillError for anything else.
    """
    annotations = dict(skill.parameters)
    named = []
    for text in given:
        name, mark, value = text.partition("=")
        if not mark or not name.isidentifier():
            raise SkillError(f"argument {text!r}: expected name=value", hint=f"it is {skill.signature}")
        named.append(f"{name}={argument_value(value, annotations.get(name, ''))!r}")
    awaiting = "await " if skill.signature.startswith("await ") else ""
    kind = "async def" if awaiting else "def"
    call = f"{awaiting}{skill.entry}({', '.join(named)})"
    return f"from skills.{skill.name} import {skill.entry}\n\n\n{kind} main():\n    return {call}\n"
