"""A new workspace: the template copied, and the two files that depend on where it lies or on what is there already."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from codegen.errors import WorkspaceError
from codegen.model import JsonObject

UNTRACKED = (".codegen/", ".claude/settings.local.json", "servers/**/__pycache__/", "skills/__pycache__/")
EMPTY_SERVERS: JsonObject = {"mcpServers": {}}

LOCAL_SETTINGS: JsonObject = {
    "permissions": {
        "allow": [
            *(f"Bash(codegen {verb}:*)" for verb in ("search", "describe", "run", "runs", "skills", "sync")),
            "Edit(./scripts/**)",
            "Edit(./data/**)",
        ],
    }
}
"""What Claude Code may do unasked. In the untracked file, because it ignores a tracked file's `allow` in a folder
that its user hasn't trusted yet (seen with 2.1.329). Verbs that change mcp.json or the broker are not among them."""


@dataclass(frozen=True, slots=True)
class Made:
    """What `create` wrote, and what it found there and left as it was; paths from the workspace's root."""

    root: Path
    written: tuple[str, ...]
    kept: tuple[str, ...]


def template() -> Path:
    """The folder that is copied: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "workspace_template"
    return inside if inside.is_dir() else package.parent / "workspace_template"


def create(root: Path) -> Made:
    """Make a workspace at `root`, which may exist and hold files: none of them is changed, but for lines added to
    .gitignore. Raises WorkspaceError when it can't be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        return _create(root.resolve())
    except OSError as error:
        raise WorkspaceError(f"no workspace could be made in {root}: {error}") from error


def _create(root: Path) -> Made:
    written, kept = [], []
    for name, content in _files():
        target = root / name
        if target.exists():
            if target.read_bytes() != content:
                kept.append(name)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        written.append(name)
    if _ignore(root / ".gitignore"):
        written.append(".gitignore")
    return Made(root, tuple(written), tuple(kept))


def _files() -> list[tuple[str, bytes]]:
    source = template()
    files = [file for file in sorted(source.rglob("*")) if file.is_file() and "__pycache__" not in file.parts]
    copied = [(file.relative_to(source).as_posix(), file.read_bytes()) for file in files]
    made = [("mcp.json", EMPTY_SERVERS), (".claude/settings.local.json", LOCAL_SETTINGS)]
    return copied + [(name, (json.dumps(content, indent=2) + "\n").encode()) for name, content in made]


def _ignore(file: Path) -> bool:
    """Add what git shouldn't track to .gitignore; whether anything was missing there."""
    text = file.read_text(encoding="utf-8", errors="surrogateescape") if file.exists() else ""
    missing = [line for line in UNTRACKED if line not in text.splitlines()]
    if missing:
        start = text if not text or text.endswith("\n") else text + "\n"
        file.write_text(start + "\n".join(missing) + "\n", encoding="utf-8", errors="surrogateescape")
    return bool(missing)
