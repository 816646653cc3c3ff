"""The values skills are handed around as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["saved", "edited"]


@dataclass(frozen=True, slots=True)
class Admitted:
    """A script made fit to be a skill: `source` is what is stored, `entry` its function and the skill's name.

    `tools` are modules on disk (`github.create_issue`); `github.*` where the source doesn't say which.
    """

    source: str
    entry: str
    signature: str
    summary: str
    tools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """One kept text of a skill: `saved` from a run, or `edited` by hand and kept when it was about to be replaced.

    `tools` maps each tool to its hash when saved, or to nothing where it wasn't known. `run` and `script` are empty for
    edits.
    """

    number: int
    kind: Kind
    sha256: str
    saved_at: str
    run: str = ""
    script: str = ""
    signature: str = ""
    summary: str = ""
    tools: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill as it lies on disk now. `version` 0 was never saved; `edited`: the text differs from its version.

    `parameters` are (name, annotation); `text` is what its docstrings say. `tools` are those it uses now, with the hash
    of the last save, if any.
    """

    name: str
    path: Path
    entry: str
    signature: str
    parameters: tuple[tuple[str, str], ...]
    summary: str
    tools: Mapping[str, str] = field(hash=False)
    version: int = 0
    run: str = ""
    edited: bool = False
    text: str = ""
