"""The synced tools, found by a call's words: from servers/*/.catalogue.json as codegen.toml has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from codegen.catalogue.learned import FILE_NAME as LEARNED
from codegen.catalogue.learned import read_learned
from codegen.catalogue.snapshot import read_snapshot
from codegen.config.overlays import ToolOverlay, denied_by
from codegen.config.settings import Settings
from codegen.errors import ConfigError, UnknownToolError, nearest
from codegen.generate.overlay import overlaid
from codegen.generate.returns import return_rule
from codegen.model import JsonSchema
from codegen.naming import package_name
from codegen.policy.policy import open_policy
from codegen.runtime.definition import Definition


@dataclass(slots=True)
class _Known:
    stamp: tuple[int, int]
    tools: dict[str, Definition]


class Tools:
    """What a call needs to know of the synced tools.

    `signature` gives the call-ready line of a path. No server is ever asked.
    """

    def __init__(self, tree: Path, settings: Settings, signature: Callable[[str], str]) -> None:
        self._tree = tree
        self._settings = settings
        self._policy = open_policy(settings)
        self._signature = signature
        self._files: dict[str, Path] = {}
        self._known: dict[str, _Known] = {}

    def find(self, server: str, tool: str) -> Definition:
        """Raises UnknownToolError when the tool isn't in the tree: that it was denied, or the nearest name."""
        tools = self._tools(server)
        found = tools.get(tool)
        if found is None:
            if denied := denied_by(server, self._settings.server(server), tool):
                raise UnknownToolError(denied)
            raise UnknownToolError(f"server {server!r} has no tool {tool!r}", hint=nearest(tool, tools))
        return found

    def _tools(self, server: str) -> dict[str, Definition]:
        file = self._files.get(server)
        if file is None or not file.is_file():
            file = self._find(server)
        stamp = _stamp(file), _stamp(file.with_name(LEARNED))
        known = self._known.get(server)
        if known is None or known.stamp != stamp:
            known = self._known[server] = _Known(stamp, self._read(file.parent))
        return known.tools

    def _read(self, folder: Path) -> dict[str, Definition]:
        listed = read_snapshot(folder)
        said = self._settings.server(listed.server.name)
        catalogue = overlaid(listed, said)
        names, learned = catalogue.names, _learned(folder)
        synced = {} if said.trust == "follow" else {tool.name: tool for tool in listed.tools}
        none = ToolOverlay()
        return {
            tool.name: Definition(
                tool=replace(tool, learned=learned.get(tool.name)),
                folder=folder.name,
                name=names.get(tool.name, tool.name),
                rule=return_rule(tool),
                signature=self._signature,
                policy=self._policy.of(tool),
                learn=said.learn,
                pinned=synced.get(tool.name),
                limits=said.tools.get(tool.name, none).limits,
                retries=said.retries,
            )
            for tool in catalogue.tools
        }

    def _find(self, server: str) -> Path:
        likely = self._tree / package_name(server) / ".catalogue.json"
        for file in (likely, *sorted(self._tree.glob("*/.catalogue.json"))):
            if file.is_file() and _server_of(file) == server:
                self._files[server] = file
                return file
        known = map(_server_of, self._tree.glob("*/.catalogue.json"))
        raise UnknownToolError(f"server {server!r} is not in the tree", hint=nearest(server, known) or "codegen sync")


def _learned(folder: Path) -> dict[str, JsonSchema]:
    """What results looked like; nothing where that can't be read, for calls don't need it."""
    try:
        return read_learned(folder)
    except ConfigError:
        return {}


def _stamp(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def _server_of(file: Path) -> str:
    """Whose catalogue it is; nobody's when it can't be read, which costs no other server."""
    try:
        return read_snapshot(file.parent).server.name
    except ConfigError:
        return ""
