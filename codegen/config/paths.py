"""Where things lie in a workspace (DESIGN section 2)."""

from __future__ import annotations

import os
from pathlib import Path

from codegen.errors import WorkspaceError

MARKS = ("mcp.json", "codegen.toml")


class Workspace:
    """The folders and files of one workspace; `root` is absolute and resolved.

    Not a dataclass: every command makes one, and `import dataclasses` takes longer than the interpreter's start.
    """

    __slots__ = ("root",)

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def mcp_json(self) -> Path:
        return self.root / "mcp.json"

    @property
    def settings(self) -> Path:
        return self.root / "codegen.toml"

    @property
    def servers(self) -> Path:
        return self.root / "servers"

    @property
    def skills(self) -> Path:
        return self.root / "skills"

    @property
    def scripts(self) -> Path:
        return self.root / "scripts"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def state(self) -> Path:
        return self.root / ".codegen"

    @property
    def index(self) -> Path:
        return self.state / "index.sqlite"

    @property
    def journal(self) -> Path:
        return self.state / "journal.sqlite"


def find_workspace(start: str | Path | None = None) -> Workspace:
    """The workspace of `start` (default: $CODEGEN_WORKSPACE, else the current folder): the nearest folder at or above
    it that holds mcp.json or codegen.toml.

    Raises WorkspaceError when there is none.
    """
    begin = Path(start or os.environ.get("CODEGEN_WORKSPACE") or ".").resolve()
    for folder in (begin, *begin.parents):
        if any((folder / mark).is_file() for mark in MARKS):
            return Workspace(folder)
    raise WorkspaceError(f"no workspace at or above {begin}", hint="make one here: codegen init .")
