"""What a broker has open for its workspace, and what it was opened from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from codegen.catalogue.variables import read_variables
from codegen.config.mcp_json import HttpServer, ServerConfig, StdioServer, load_servers
from codegen.config.paths import Workspace
from codegen.config.secrets import needed_by, variables_in
from codegen.config.settings import Settings, load_settings
from codegen.errors import CodegenError
from codegen.packages.place import place_of
from codegen.runtime.calls import Definitions
from codegen.runtime.check import Checker
from codegen.runtime.explain import Tree
from codegen.runtime.journal import Journal
from codegen.runtime.sessions import Sessions
from codegen.runtime.walls import Walls
from codegen.search.names import lookup


@dataclass(frozen=True, slots=True)
class Host:
    """The lifetime of a broker; `stamps` tells whether the files it was opened from have changed since."""

    root: Path
    settings: Settings
    journal: Journal
    definitions: Definitions
    sessions: Sessions
    walls: Walls
    checker: Checker
    unset: tuple[str, ...]
    stamps: tuple[tuple[Path, int, int], ...]

    def signature(self, path: str) -> str:
        """A tool's or skill's call-ready line; empty when the index can't say."""
        return _signature(Workspace(self.root).index, path)

    def is_stale(self) -> bool:
        return any(_stamp(file) != (file, *rest) for file, *rest in self.stamps)

    async def close(self) -> None:
        await self.walls.close()
        await self.sessions.close()
        self.journal.close()


def open_host(root: Path) -> Host:
    """Read the workspace's settings and servers. No server is started. Raises ConfigError.

    A workspace without mcp.json has no servers; its scripts run all the same.
    """
    place = Workspace(root)
    settings = load_settings(place.settings)
    stamps = tuple(_stamp(file) for file in (place.mcp_json, place.settings, settings.env_file))
    configs = load_servers(place.mcp_json)[0] if place.mcp_json.exists() else ()
    variables = read_variables(settings.env_file)
    packages = place_of(settings.sandbox.packages, root)
    libraries = (packages.library,) if packages else ()
    return Host(
        root=root,
        settings=settings,
        journal=Journal(place.journal),
        definitions=Definitions(place.servers, settings, partial(_signature, place.index)),
        sessions=Sessions(configs, variables, place.state / "servers.log"),
        walls=Walls(place, settings),
        checker=Checker(Tree(root, partial(_signature, place.index), libraries)),
        unset=tuple(sorted(name for config in configs for name in _variables(config) if name not in variables)),
        stamps=stamps,
    )


def missing_variables(place: Workspace, settings: Settings) -> tuple[str, ...]:
    """Names that servers can't do without and that neither the environment nor the env file has. Raises ConfigError."""
    configs = load_servers(place.mcp_json)[0] if place.mcp_json.exists() else ()
    templates = [text for config in configs for text in _templates(config)]
    return tuple(sorted(set().union(*map(needed_by, templates)) - read_variables(settings.env_file).keys()))


def _signature(index: str, path: str) -> str:
    """A tool's or skill's call-ready line; empty when the index can't say."""
    try:
        hit = lookup(index, path)
    except CodegenError:
        return ""
    return hit.signature if hit else ""


def _variables(config: ServerConfig) -> set[str]:
    return set().union(*(variables_in(text) for text in _templates(config)))


def _templates(config: ServerConfig) -> Iterable[str]:
    match config:
        case StdioServer():
            return (config.command, *config.args, *config.env.values())
        case HttpServer():
            return (config.url, *config.headers.values())
    raise CodegenError(f"unknown kind of server: {config}")


def _stamp(file: Path) -> tuple[Path, int, int]:
    try:
        status = file.stat()
    except OSError:
        return (file, 0, 0)
    return (file, status.st_mtime_ns, status.st_size)
