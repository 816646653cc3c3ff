"""A skill from the command line: the script that calls it, which is checked and run like any other."""

from __future__ import annotations

import json
from collections.abc import Sequence

from codegen.errors import SkillError
from codegen.model import Json
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
        named.append(f"{name}={_value(value, annotations.get(name, ''))!r}")
    awaiting = "await " if skill.signature.startswith("await ") else ""
    kind = "async def" if awaiting else "def"
    call = f"{awaiting}{skill.entry}({', '.join(named)})"
    return f"from skills.{skill.name} import {skill.entry}\n\n\n{kind} main():\n    return {call}\n"


def _value(text: str, annotation: str) -> Json:
    if annotation == "str":
        return text
    try:
        value: Json = json.loads(text)
    except ValueError:
        return text
    return value
