"""Only code that ran and succeeded may become a skill: the journal says which did."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from codegen.config.agent import read_script
from codegen.config.paths import Workspace
from codegen.errors import SkillError
from codegen.journal.read import succeeded_run


@dataclass(frozen=True, slots=True)
class Proven:
    """A script's text and the run in which exactly this text succeeded; `file` is from the workspace's root."""

    source: str
    file: str
    run: str


def read_proven(place: Workspace, script: Path) -> Proven:
    """Read a script that is to be saved. Raises SkillError when it can't be read or hasn't run as it stands."""
    try:
        source = read_script(script, place.root)
    except (OSError, UnicodeDecodeError) as error:
        raise SkillError(f"{script} can't be read: {error}") from None
    full = script.resolve()
    file = str(full.relative_to(place.root)) if full.is_relative_to(place.root) else str(full)
    return prove(place, source, str(script), file)


def prove(place: Workspace, source: str, name: str, file: str) -> Proven:
    """The run in which a source succeeded. Raises SkillError, which calls it `name`, when there is none."""
    run = succeeded_run(place.journal, source)
    if run is None:
        raise SkillError(
            f"{name} has not run successfully as it stands", hint=f"first: codegen run {name}, then save it again"
        )
    return Proven(source, file, run.id)
