"""What a broker has open for its workspace, and what it was opened from."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from codegen.catalogue.variables import read_variables, secret_texts
from codegen.config.door import door_file
from codegen.config.mcp_json import HttpServer, ServerConfig, StdioServer, load_servers
from codegen.config.paths import Workspace
from codegen.config.secrets import needed_by, variables_in
from codegen.config.settings import Settings, load_settings
from codegen.errors import CodegenError
from codegen.journal.redact import Redactor
from codegen.journal.write import Journal
from codegen.model import JsonObject
from codegen.packages.place import place_of
from codegen.privacy.veil import Veil
from codegen.runtime.check import Checker
from codegen.runtime.explain import Tree
from codegen.runtime.rate import Pace
from codegen.runtime.sessions import Sessions
from codegen.runtime.tools import Tools
from codegen.runtime.walls import Walls
from codegen.search.names import lookup

LAST_WRITES_S = 5.0
"""Seconds that a broker which stops waits for the answers to writes."""


@dataclass(frozen=True, slots=True)
class Host:
    """The lifetime of a broker; `stamps` tells whether the files it was opened from have changed since.

    `paces` are those of the servers that have a rate, by name.
    """

    root: Path
    settings: Settings
    journal: Journal
    tools: Tools
    sessions: Sessions
    paces: Mapping[str, Pace]
    walls: Walls
    checker: Checker
    veil: Veil
    unset: tuple[str, ...]
    stamps: tuple[tuple[Path, int, int], ...]
    under_way: set[asyncio.Task[JsonObject]] = field(default_factory=set)

    def keep(self, work: Coroutine[None, None, JsonObject]) -> asyncio.Task[JsonObject]:
        """Begin a work that shall come to its end, also when nobody waits for it any more."""
        task = asyncio.create_task(work)
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)
        return task

    def signature(self, path: str) -> str:
        """A tool's or skill's call-ready line; empty when the index can't say."""
        return _signature(Workspace(self.root).index, path)

    def is_stale(self) -> bool:
        return any(_stamp(file) != (file, *rest) for file, *rest in self.stamps)

    async def close(self) -> None:
        """Close all that is open; writes that were sent have `LAST_WRITES_S` for their answers."""
        await self.walls.close()
        if self.under_way:
            await asyncio.wait(self.under_way, timeout=LAST_WRITES_S)
        await self.sessions.close()
        if self.under_way:  # their servers are gone: each is recorded as unknown
            await asyncio.wait(self.under_way, timeout=LAST_WRITES_S)
        self.journal.close()
        self.veil.close()


def open_host(root: Path) -> Host:
    """Read the workspace's settings and servers. No server is started. Raises ConfigError.

    A workspace without mcp.json has no servers; its scripts run all the same.
    """
    place = Workspace(root)
    settings = load_settings(place.settings)
    stamps = tuple(_stamp(file) for file in (place.mcp_json, place.settings, settings.env_file, door_file(root)))
    configs = load_servers(place.mcp_json)[0] if place.mcp_json.exists() else ()
    variables = read_variables(settings.env_file)
    packages = place_of(settings.sandbox.packages, root)
    libraries = (packages.library,) if packages else ()
    return Host(
        root=root,
        settings=settings,
        journal=Journal(place.journal, Redactor(secret_texts(configs, settings.env_file), settings.journal.redact)),
        tools=Tools(place.servers, settings, partial(_signature, place.index)),
        sessions=Sessions(configs, variables, place.state / "servers.log"),
        paces={name: Pace(said.rate) for name, said in settings.servers.items() if said.rate},
        walls=Walls(place, settings),
        checker=Checker(Tree(root, partial(_signature, place.index), libraries)),
        veil=Veil(settings.privacy, place.state),
        unset=tuple(sorted(name for config in configs for name in variables_of(config) if name not in variables)),
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


def variables_of(config: ServerConfig) -> set[str]:
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
