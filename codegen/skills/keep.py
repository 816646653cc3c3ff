"""A proven script becomes a skill: admitted, stored with today's tools, and found by the next search."""

from __future__ import annotations

from codegen.config.paths import Workspace
from codegen.skills.admit import admit
from codegen.skills.catalogue import index_skills, tool_hashes
from codegen.skills.proven import Proven
from codegen.skills.skill import Admitted
from codegen.skills.store import Saved, save


def keep(place: Workspace, proven: Proven, name: str, *, replace: bool = False) -> tuple[Admitted, Saved]:
    """Raises SkillError when the script can't be one, or another text has its name and `replace` is not given."""
    admitted = admit(proven.source, name, proven.file)
    saved = save(
        place.skills,
        admitted,
        run_id=proven.run,
        script=proven.file,
        tool_hashes=tool_hashes(place.servers),
        replace=replace,
    )
    index_skills(place)
    return admitted, saved
