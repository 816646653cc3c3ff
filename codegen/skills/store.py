"""Skills on disk: `skills/NAME.py`, and every text it ever had. Nothing is overwritten silently, nothing is lost.

Reading costs no libcst: it lies on the path of search.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace as changed
from pathlib import Path
from typing import Literal, TypeAlias

from codegen.errors import SkillError, nearest
from codegen.generate.write import write_file
from codegen.model import Problem
from codegen.skills.entry import describe, find_handwritten_entry
from codegen.skills.skill import Admitted, Skill, Version
from codegen.skills.source import parse
from codegen.skills.tools_used import tools_used
from codegen.skills.versions import (
    edited_version,
    read_text,
    read_versions,
    saved_version,
    sha256,
    write_versions,
)

Outcome: TypeAlias = Literal["created", "replaced", "refreshed", "unchanged"]

_INIT = '"""Saved scripts. Each module is one skill: `from skills.NAME import NAME`."""\n'


@dataclass(frozen=True, slots=True)
class Saved:
    """`refreshed`: the same text, now tied to this run and today's tools. `kept`: the version that holds the text which
    `skills/NAME.py` had before."""

    path: Path
    version: int
    outcome: Outcome
    kept: int | None = None


def save(
    skills_dir: Path,
    admitted: Admitted,
    *,
    run_id: str,
    script: str,
    tool_hashes: Mapping[str, str],
    replace: bool = False,
) -> Saved:
    """Writes the skill as its next version. `tool_hashes`: module on disk (`github.create_issue`) -> definition hash.

    Raises SkillError when another text is there and `replace` is not given; that text stays readable as a version.
    """
    name = admitted.entry
    path = _path(skills_dir, name)
    _refuse_lookalike(skills_dir, name)
    present, versions = _read(path), read_versions(skills_dir, name)
    current = _current(present, versions)
    tools = {tool: tool_hashes.get(tool, "") for tool in admitted.tools}
    if current and present == admitted.source:
        if dict(current.tools) == tools:
            return Saved(path, current.number, "unchanged")
        refreshed = changed(current, kind="saved", tools=tools, run=run_id, script=script)
        write_versions(skills_dir, name, (*versions[:-1], refreshed))
        return Saved(path, current.number, "refreshed")
    in_the_way = present if present != admitted.source else None
    if in_the_way is not None and not replace:
        raise _would_overwrite(path, current)
    if in_the_way is not None and current is None:
        current = edited_version(skills_dir, name, in_the_way)
        versions = (*versions, current)
        write_versions(skills_dir, name, versions)
    version = _write(path, admitted, versions, saved_version(skills_dir, admitted, run_id, script, tools))
    return Saved(path, version.number, "replaced" if current else "created", current.number if current else None)


def load(skills_dir: Path) -> tuple[tuple[Skill, ...], tuple[Problem, ...]]:
    """Every skill in name order, those written by hand included; a module that is none is a Problem.

    Modules whose names start with an underscore are helpers of skills.
    """
    skills: list[Skill] = []
    problems: list[Problem] = []
    for path in sorted(skills_dir.glob("*.py")) if skills_dir.is_dir() else ():
        if path.name.startswith(("_", ".")):
            continue
        try:
            skills.append(_load_one(skills_dir, path))
        except SkillError as error:
            problems.append(Problem(f"skills/{path.name}", error.what, error.hint))
    return tuple(skills), tuple(problems)


def find(skills_dir: Path, name: str) -> Skill:
    """One skill by its name.

    Raises SkillError: no such skill (naming the nearest), or one that can't be read.
    """
    path = _path(skills_dir, name)
    if not path.is_file():
        raise _unknown(skills_dir, name)
    return _load_one(skills_dir, path)


def history(skills_dir: Path, name: str) -> tuple[Version, ...]:
    """The versions of a skill, oldest first, also of one that was removed; none when it was only written by hand.

    Raises SkillError when there is no such skill.
    """
    path = _path(skills_dir, name)
    versions = read_versions(skills_dir, name)
    if not versions and not path.is_file():
        raise _unknown(skills_dir, name)
    return versions


def read_version(skills_dir: Path, name: str, number: int) -> str:
    """The text of one version.

    Raises SkillError when there is no such skill or version.
    """
    numbers = [version.number for version in history(skills_dir, name)]
    if number not in numbers:
        listed = ", ".join(str(known) for known in numbers) or "none"
        raise SkillError(f"{name} has no version {number}", hint=f"versions: {listed}")
    return read_text(skills_dir, name, number)


def remove(skills_dir: Path, name: str) -> Version:
    """Takes the skill out of skills/ and gives the version that still holds its text.

    Raises SkillError when there is no such skill.
    """
    path = _path(skills_dir, name)
    present = _read(path)
    if present is None:
        raise _unknown(skills_dir, name)
    versions = read_versions(skills_dir, name)
    current = _current(present, versions)
    if current is None:
        current = edited_version(skills_dir, name, present)
        write_versions(skills_dir, name, (*versions, current))
    path.unlink()
    return current


def _load_one(skills_dir: Path, path: Path) -> Skill:
    name = path.stem
    if not name.isidentifier():
        raise SkillError("its name can't be imported", hint="rename it to letters, digits and underscores")
    source = _read(path) or ""
    tree = parse(source)
    function = find_handwritten_entry(tree, name)
    if function is None:
        raise SkillError(f"it has no function `{name}`", hint="name its entry so, or start the file's name with `_`")
    entry = describe(function, tree, name)
    versions = read_versions(skills_dir, name)
    last = versions[-1] if versions else None
    return Skill(
        name=name,
        path=path,
        entry=entry.name,
        signature=entry.signature,
        parameters=entry.parameters,
        summary=entry.summary,
        tools={tool: last.tools.get(tool, "") if last else "" for tool in tools_used(tree)},
        version=last.number if last else 0,
        run=last.run if last else "",
        edited=last is not None and last.sha256 != sha256(source),
        text=entry.text,
    )


def _write(path: Path, admitted: Admitted, versions: tuple[Version, ...], version: Version) -> Version:
    package = path.with_name("__init__.py")
    if not package.exists():
        write_file(package, _INIT)
    # The record comes last: a save that stops half way leaves a text that counts as edited, and is kept by the next.
    write_file(path, admitted.source)
    write_versions(path.parent, admitted.entry, (*versions, version))
    return version


def _current(present: str | None, versions: tuple[Version, ...]) -> Version | None:
    """The last version, if it is what lies on disk."""
    last = versions[-1] if versions else None
    return last if last and present is not None and last.sha256 == sha256(present) else None


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SkillError(f"skills/{path.name} can't be read: {error}") from error


def _path(skills_dir: Path, name: str) -> Path:
    """Raises SkillError for a name that would lead elsewhere."""
    if not re.fullmatch(r"[A-Za-z_]\w*", name) or name == "__init__":
        raise SkillError(f"{name!r} is not the name of a skill")
    return skills_dir / f"{name}.py"


def _refuse_lookalike(skills_dir: Path, name: str) -> None:
    """A name that differs in case only is the same file on some systems; a folder of that name is imported instead."""
    for path in skills_dir.iterdir() if skills_dir.is_dir() else ():
        other = path.stem if path.suffix == ".py" else path.name
        if other.casefold() == name.casefold() and path.name != f"{name}.py":
            raise SkillError(f"skills/{path.name} is too like {name}", hint="save under another name")


def _would_overwrite(path: Path, current: Version | None) -> SkillError:
    what = f"version {current.number}" if current else "it was written or edited by hand since"
    return SkillError(
        f"skills/{path.name} is there already ({what}) and differs",
        hint="--replace writes the new text and keeps the old one as a version",
    )


def _unknown(skills_dir: Path, name: str) -> SkillError:
    known = [path.stem for path in skills_dir.glob("*.py") if not path.name.startswith("_")]
    return SkillError(f"there is no skill {name}", hint=nearest(name, known) or "codegen skills list")
