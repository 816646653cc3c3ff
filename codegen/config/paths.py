"""Where things lie in a workspace (DESIGN section 2).

On the path of every command: `dataclasses` and `pathlib` take as long to import as a whole search, so the one is not
used here, and the other only where a path is asked for.
"""

from __future__ import annotations

import os

from codegen.errors import WorkspaceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

MARKS = ("mcp.json", "codegen.toml")


class Workspace:
    """The folders and files of one workspace; `root` is absolute and resolved."""

    __slots__ = ("_root",)

    def __init__(self, root: str | Path) -> None:
        self._root = os.fspath(root)

    def __fspath__(self) -> str:
        return self._root

    @property
    def root(self) -> Path:
        return self._path()

    @property
    def mcp_json(self) -> Path:
        return self._path("mcp.json")

    @property
    def settings(self) -> Path:
        return self._path("codegen.toml")

    @property
    def servers(self) -> Path:
        return self._path("servers")

    @property
    def skills(self) -> Path:
        return self._path("skills")

    @property
    def scripts(self) -> Path:
        return self._path("scripts")

    @property
    def data(self) -> Path:
        return self._path("data")

    @property
    def state(self) -> Path:
        return self._path(".codegen")

    @property
    def journal(self) -> Path:
        return self._path(".codegen", "journal.sqlite")

    @property
    def index(self) -> str:
        """A plain string: a search needs no other path."""
        return os.path.join(self._root, ".codegen", "index.sqlite")

    @property
    def synonyms(self) -> str:
        """What means the same here: a line a group of words. Optional, and written by people."""
        return os.path.join(self._root, "synonyms.txt")

    @property
    def uses(self) -> str:
        """The words of searches that led to a tool."""
        return os.path.join(self._root, ".codegen", "uses.sqlite")

    @property
    def searches(self) -> str:
        """Searches that wait for the run they lead to."""
        return os.path.join(self._root, ".codegen", "searches.txt")

    def make_state(self) -> Path:
        """The folder of index, journal and logs; nobody else on this machine may read what calls said.

        Raises WorkspaceError.
        """
        try:
            self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise WorkspaceError(f"{self.state} can't be written: {error.strerror}") from None
        return self.state

    def _path(self, *parts: str) -> Path:
        from pathlib import Path

        return Path(self._root, *parts)


def is_agent() -> bool:
    """Whether a coding agent gives this command, as far as the environment tells (`config.agent`)."""
    return "CODEGEN_AGENT" in os.environ or "CLAUDECODE" in os.environ


def find_workspace(start: str | Path | None = None) -> Workspace:
    """The workspace of `start` (default: $CODEGEN_WORKSPACE, else the current folder): the nearest folder at or above
    it that holds mcp.json or codegen.toml.

    A coding agent is held to $CODEGEN_WORKSPACE, where it is set, wherever its shell stands.
    Raises WorkspaceError when there is none.
    """
    fixed = os.environ.get("CODEGEN_WORKSPACE")
    if fixed and is_agent():
        return _only(fixed, start)
    folder = begin = os.path.realpath(start or os.environ.get("CODEGEN_WORKSPACE") or ".")
    while not any(os.path.isfile(os.path.join(folder, mark)) for mark in MARKS):
        above = os.path.dirname(folder)
        if above == folder:
            raise WorkspaceError(f"no workspace at or above {begin}", hint="make one here: codegen init .")
        folder = above
    return Workspace(folder)


def _only(fixed: str, start: str | Path | None) -> Workspace:
    """The workspace an agent is held to. Raises WorkspaceError when it asks for another."""
    root = os.path.realpath(fixed)
    wanted = os.path.realpath(start or root)
    if os.path.commonpath((root, wanted)) != root:
        raise WorkspaceError(f"an agent works in {root} alone, not in {wanted}")
    return Workspace(root)
