"""Which skills rely on tools that are no longer what they were when the skill was saved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from codegen.skills.skill import Skill
from codegen.skills.tools_used import ANY


@dataclass(frozen=True, slots=True)
class StaleTool:
    """One tool of one skill: `changed` has another definition now, `removed` is in the tree no more."""

    skill: str
    tool: str
    reason: Literal["changed", "removed"]

    def __str__(self) -> str:
        return f"skills.{self.skill}: {self.tool} was {self.reason}"


def stale(skills: Iterable[Skill], hashes: Mapping[str, str]) -> tuple[StaleTool, ...]:
    """The stale tools of `skills`, given the hash of every tool in the tree (`github.create_issue` -> hash).

    A tool without a recorded hash (a skill written by hand) can only be found removed, `github.*` only with its server.
    """
    folders = frozenset(tool.partition(".")[0] for tool in hashes)
    return tuple(found for skill in skills for found in _of_skill(skill, hashes, folders))


def _of_skill(skill: Skill, hashes: Mapping[str, str], folders: frozenset[str]) -> Iterator[StaleTool]:
    for tool, recorded in sorted(skill.tools.items()):
        folder, _, name = tool.partition(".")
        there = tool in hashes or (name == ANY and folder in (*folders, ANY))
        if not there:
            yield StaleTool(skill.name, tool, "removed")
        elif recorded and recorded != hashes.get(tool, recorded):
            yield StaleTool(skill.name, tool, "changed")
