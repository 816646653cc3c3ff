"""What is there of a workspace, and whether its servers answer: for whoever wonders why it doesn't work."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from codegen.catalogue.collect import Listing, Progress, collect
from codegen.catalogue.variables import read_variables
from codegen.config.mcp_json import load_servers
from codegen.config.paths import Workspace
from codegen.config.settings import Settings, load_settings
from codegen.errors import CodegenError
from codegen.runtime.host import missing_variables
from codegen.tree.present import read_present


@dataclass(frozen=True, slots=True)
class Examined:
    """The servers of mcp.json by name, those of them without a folder below servers/, the variables that are needed and
    not set (names, never values), and what is wrong with the files, in words.
    """

    settings: Settings
    servers: tuple[str, ...]
    not_synced: tuple[str, ...]
    unset: tuple[str, ...]
    problems: tuple[str, ...]


def examine(place: Workspace) -> Examined:
    """Look, and start nothing. Never raises: what can't be read is a problem, and the rest is still told."""
    settings = Settings()
    servers: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    problems: list[str] = []
    try:
        settings = load_settings(place.settings)
        if place.mcp_json.exists():
            configs, faulty = load_servers(place.mcp_json)
            servers = tuple(config.name for config in configs)
            problems += [str(each) for each in faulty]
        unset = missing_variables(place, settings)
    except CodegenError as error:
        problems.append(f"{error.what} ({error.hint})" if error.hint else error.what)
    present = read_present(place.servers)
    problems += [str(each) for each in present.problems]
    not_synced = tuple(name for name in servers if name not in present.catalogues)
    return Examined(settings, servers, not_synced, unset, tuple(problems))


async def try_servers(
    place: Workspace, settings: Settings, on_progress: Callable[[Progress], None] | None = None
) -> list[Listing]:
    """Start every server as a sync does, in the time that it has there, list its tools, and end it; write nothing.

    Nothing where mcp.json can't be read: `examine` says so.
    """
    with suppress(CodegenError):
        configs, _ = load_servers(place.mcp_json)
        variables = read_variables(settings.env_file)
        return await collect(configs, variables, time_limit=settings.sync.time_limit, on_progress=on_progress)
    return []
