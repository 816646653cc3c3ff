"""What is kept of a skill beside its module: skills/.meta/NAME.json and one NAME.vN.py for each text it ever had."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from codegen.errors import SkillError
from codegen.generate.write import write_file
from codegen.model import Json
from codegen.skills.entry import EntryFunction, describe, find_handwritten_entry
from codegen.skills.skill import Admitted, Kind, Version
from codegen.skills.source import parse

META = ".meta"


def sha256(source: str) -> str:
    return hashlib.sha256(source.encode("utf-8")).hexdigest()


def read_versions(skills_dir: Path, name: str) -> tuple[Version, ...]:
    """The versions of a skill, oldest first; none for one that was never saved.

    Raises SkillError when its record can't be read: saving over it would lose what it says.
    """
    path = _record(skills_dir, name)
    try:
        document = json.loads(path.read_bytes())
        return tuple(_version(item) for item in document["versions"])
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SkillError(
            f"{path}: not a record of versions ({error})", hint="mend it, or restore it from git"
        ) from error


def write_versions(skills_dir: Path, name: str, versions: Iterable[Version]) -> None:
    document = {"versions": [asdict(version) for version in versions]}
    write_file(_record(skills_dir, name), json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def read_text(skills_dir: Path, name: str, number: int) -> str:
    """Raises SkillError when that text isn't there."""
    path = _text(skills_dir, name, number)
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SkillError(f"version {number} of {name} can't be read: {error}") from error


def keep_text(skills_dir: Path, name: str, source: str) -> int:
    """Keeps `source` under the next free number and gives that number; no kept text is ever overwritten.

    Raises SkillError when another save takes the number at the same moment.
    """
    folder = skills_dir / META
    taken = [int(match[1]) for path in _names(folder) if (match := re.fullmatch(rf"{name}\.v(\d+)\.py", path))]
    known = [version.number for version in read_versions(skills_dir, name)]
    number = max([0, *taken, *known]) + 1
    path = _text(skills_dir, name, number)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            file.write(source.encode("utf-8"))
    except FileExistsError as error:
        raise SkillError(f"{name} is being saved by another command", hint="try again") from error
    return number


def saved_version(skills_dir: Path, admitted: Admitted, run: str, script: str, tools: Mapping[str, str]) -> Version:
    """Keeps an admitted text with the run that proved it."""
    return Version(
        number=keep_text(skills_dir, admitted.entry, admitted.source),
        kind="saved",
        sha256=sha256(admitted.source),
        saved_at=_now(),
        run=run,
        script=script,
        signature=admitted.signature,
        summary=admitted.summary,
        tools=tools,
    )


def edited_version(skills_dir: Path, name: str, source: str) -> Version:
    """Keeps a text that was written by hand, whatever state it is in."""
    entry = _described(source, name)
    return Version(
        number=keep_text(skills_dir, name, source),
        kind="edited",
        sha256=sha256(source),
        saved_at=_now(),
        signature=entry.signature if entry else "",
        summary=entry.summary if entry else "",
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _described(source: str, name: str) -> EntryFunction | None:
    with contextlib.suppress(SkillError):
        tree: ast.Module = parse(source)
        function = find_handwritten_entry(tree, name)
        return describe(function, tree, name) if function else None
    return None


def _version(item: Json) -> Version:
    if not isinstance(item, dict):
        raise TypeError("a version is not an object")
    tools = item.get("tools")
    if not isinstance(tools, dict):
        raise TypeError("`tools` is not an object")
    number = item["number"]
    if not isinstance(number, int):
        raise TypeError("`number` is not a number")
    kind: Kind = "edited" if item.get("kind") == "edited" else "saved"
    return Version(
        number=number,
        kind=kind,
        sha256=_string(item["sha256"]),
        saved_at=_string(item.get("saved_at")),
        run=_string(item.get("run")),
        script=_string(item.get("script")),
        signature=_string(item.get("signature")),
        summary=_string(item.get("summary")),
        tools={tool: _string(value) for tool, value in tools.items()},
    )


def _string(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _record(skills_dir: Path, name: str) -> Path:
    return skills_dir / META / f"{name}.json"


def _text(skills_dir: Path, name: str, number: int) -> Path:
    return skills_dir / META / f"{name}.v{number}.py"


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []
