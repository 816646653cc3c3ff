"""Only code that ran and succeeded may become a skill: the journal says which did."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
        source = script.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SkillError(f"{script} can't be read: {error}") from None
    run = succeeded_run(place.journal, source)
    if run is None:
        raise SkillError(
            f"{script} has not run successfully as it stands", hint=f"first: codegen run {script}, then save it again"
        )
    full = script.resolve()
    file = str(full.relative_to(place.root)) if full.is_relative_to(place.root) else str(full)
    return Proven(source, file, run.id)
