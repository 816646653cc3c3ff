"""Where skills meet the tools: the hashes they were saved with, and the index they are found in."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from codegen.catalogue.snapshot import definition_hash, read_snapshot
from codegen.config.paths import Workspace
from codegen.config.settings import load_settings
from codegen.errors import ConfigError
from codegen.search.fields import Entry
from codegen.search.index import Group, write_groups
from codegen.search.meaning import meaning
from codegen.skills.skill import Skill
from codegen.skills.store import load

GROUP = "skills"
LONGEST_DOCSTRING = 4_000
"""Characters of it that are indexed: what follows is a story, and makes each word before it count less."""


def tool_hashes(servers: Path) -> dict[str, str]:
    """The hash of every tool in the tree, by its place there (`github.create_issue`); broken folders have none."""
    hashes: dict[str, str] = {}
    for file in sorted(servers.glob("*/.catalogue.json")):
        try:
            catalogue = read_snapshot(file.parent)
        except ConfigError:
            continue
        for tool in catalogue.tools:
            module = catalogue.names.get(tool.name, tool.name)
            hashes[f"{file.parent.name}.{module}"] = definition_hash(tool)
    return hashes


def index_skills(place: Workspace) -> None:
    """Make every skill findable, those written by hand included; unchanged skills are not written again."""
    entries = [_entry(skill) for skill in load(place.skills)[0]]
    wanted = meaning(load_settings(place.settings).search.embed, place.root)
    write_groups(place.index, [Group(GROUP, entries, sha256(repr(entries).encode()).hexdigest())], wanted)


def _entry(skill: Skill) -> Entry:
    return Entry(
        path=f"skills.{skill.name}",
        server=GROUP,
        name=skill.name,
        title="",
        description=skill.text[:LONGEST_DOCSTRING],
        parameters=skill.parameters,
        server_summary="Saved scripts of this workspace, as functions.",
        signature=f"{skill.signature}  # {skill.summary}",
        brief=f"skills.{skill.name}  {skill.summary}",
        summary=skill.summary,
        effect="unknown",
    )
