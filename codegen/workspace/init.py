"""A workspace: the template, and what depends on where it lies. In a folder with files nothing is touched unasked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from codegen.config.door import Door, door_file, make_door, read_door
from codegen.config.mcp_json import load_servers
from codegen.config.paths import Workspace
from codegen.errors import CodegenError, WorkspaceError
from codegen.model import JsonObject
from codegen.runtime.host import variables_of
from codegen.workspace.claude_code import can_confine, local_settings, merged, renewed

UNTRACKED = (".codegen/", ".claude/settings.local.json", "servers/**/__pycache__/", "skills/__pycache__/")
EMPTY_SERVERS: JsonObject = {"mcpServers": {}}
SETTINGS, LOCAL_SETTINGS = ".claude/settings.json", ".claude/settings.local.json"
BEGIN, END = "<!-- codegen: begin -->", "<!-- codegen: end -->"
"""Around codegen's part of an AGENTS.md that says more; the next `codegen init` renews what is between them."""


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is to be written. `before` is None for a new one; `does` says what happens to one that is there."""

    name: str
    before: str | None
    after: str
    does: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """What `create` wrote, and the changes of files that were there and stayed as they are; names from the root.

    `confined`: Claude Code's Bash sandbox was turned on. That is done in a new folder, where it works: it takes the
    network from all of the agent's commands, which other work in a repository may need.
    """

    root: Path
    written: tuple[str, ...]
    kept: tuple[Change, ...]
    confined: bool


def template() -> Path:
    """The folder that is copied: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "workspace_template"
    return inside if inside.is_dir() else package.parent / "workspace_template"


def create(root: Path, agree: Callable[[Change], bool]) -> Made:
    """Make a workspace at `root`, which may exist and hold files: `agree` is asked before one of them is changed.

    Raises WorkspaceError when it can't be written, or when settings that are there can't be read.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        return _create(root.resolve(), agree)
    except OSError as error:
        raise WorkspaceError(f"no workspace could be made in {root}: {error}") from error


def _create(root: Path, agree: Callable[[Change], bool]) -> Made:
    written, kept = [], []
    confined = not any(root.iterdir()) and can_confine()[0]
    for change in _changes(root, confined=confined):
        if change.before is not None and not agree(change):
            kept.append(change)
            continue
        target = root / change.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(change.after, encoding="utf-8", errors="surrogateescape", newline="")
        written.append(change.name)
    (root / LOCAL_SETTINGS).chmod(0o600)
    return Made(root, tuple(written), tuple(kept), confined)


def renew_local(place: Workspace) -> None:
    """Claude Code's local settings for mcp.json as it is now: whose variables its sandboxed commands don't get.

    Only where `codegen init` has written them. What can't be read is left to `codegen doctor`.
    """
    file = place.root / LOCAL_SETTINGS
    if not (file.exists() and door_file(place.root).exists()):
        return
    try:
        change = _local(place.root)
    except CodegenError:
        return
    if change.before != change.after and "CODEGEN_DOOR" in (change.before or ""):
        file.write_text(change.after, encoding="utf-8")


def _changes(root: Path, *, confined: bool) -> list[Change]:
    source = template()
    files = [file for file in sorted(source.rglob("*")) if file.is_file() and "__pycache__" not in file.parts]
    ours = {file.relative_to(source).as_posix(): file.read_text(encoding="utf-8") for file in files}
    ours["mcp.json"] = _json(EMPTY_SERVERS)
    changes = [_change(root, name, text) for name, text in ours.items() if not _is_theirs(root, name)]
    changes.append(_change(root, ".gitignore", "\n".join(UNTRACKED) + "\n"))
    changes.append(_local(root, confined=confined))
    return [change for change in changes if change.before != change.after]


def _is_theirs(root: Path, name: str) -> bool:
    """Whether a file stays away from what was there before: a .gitignore would hide a repository's own scripts/."""
    if name in {"mcp.json", "codegen.toml", "skills/__init__.py"}:
        return (root / name).exists()
    return name.endswith("/.gitignore") and (root / name).parent.exists()


def _change(root: Path, name: str, ours: str) -> Change:
    file = root / name
    if not file.exists():
        return Change(name, None, ours)
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as opened:
        before = opened.read()
    if name == SETTINGS:
        there = _read_settings(name, before)
        more = merged(there, json.loads(ours))
        return Change(name, before, before if more == there else _json(more), "add codegen's rules to it")
    if name == ".gitignore":
        missing = [line for line in UNTRACKED if line not in before.splitlines()]
        return Change(name, before, _below(before, "\n".join(missing)), f"add {', '.join(missing)} at its end")
    if name == "CLAUDE.md":
        has = "@AGENTS.md" in before.splitlines()
        return Change(name, before, before if has else _below(before, "@AGENTS.md"), "add the line @AGENTS.md")
    if name == "AGENTS.md":
        return Change(name, before, _with_part(before, ours), "add how to work with codegen at its end")
    return Change(name, before, ours, "replace it")


def _with_part(before: str, ours: str) -> str:
    if before == ours:
        return before
    part = f"{BEGIN}\n{ours}{END}"
    start, end = before.find(BEGIN), before.find(END)
    if 0 <= start < end:
        return before[:start] + part + before[end + len(END) :]
    return _below(before, part)


def _below(before: str, added: str) -> str:
    if not added:
        return before
    return f"{before}{'' if not before or before.endswith(chr(10)) else chr(10)}{added}\n"


def _local(root: Path, *, confined: bool = False) -> Change:
    """The local settings of Claude Code; the door that they name is made, unless there is one."""
    place = Workspace(root)
    place.make_state()
    door = read_door(root) or _new_door(root)
    ours = local_settings(str(root), door, _secrets(place), confined=confined)
    file = root / LOCAL_SETTINGS
    if not file.exists():
        return Change(LOCAL_SETTINGS, None, _json(ours))
    before = file.read_text(encoding="utf-8")
    there = _read_settings(LOCAL_SETTINGS, before)
    after = renewed(there, ours)
    return Change(LOCAL_SETTINGS, before, before if after == there else _json(after), "bring codegen's part up to date")


def _new_door(root: Path) -> Door:
    door = make_door()
    file = door_file(root)
    file.touch(mode=0o600)
    file.write_text(json.dumps({"port": door.port, "token": door.token}), encoding="utf-8")
    return door


def _secrets(place: Workspace) -> set[str]:
    """Names of the variables that mcp.json asks for; none where it can't be read, which `doctor` tells."""
    try:
        configs = load_servers(place.mcp_json)[0] if place.mcp_json.exists() else ()
    except CodegenError:
        return set()
    return set().union(*map(variables_of, configs))


def _read_settings(name: str, text: str) -> JsonObject:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise WorkspaceError(f"{name} isn't JSON: {error}", hint="mend it, then run codegen init again") from None
    if not isinstance(found, dict):
        raise WorkspaceError(f"{name} isn't a JSON object")
    return found


def _json(value: JsonObject) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
