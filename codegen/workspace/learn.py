"""Learned result types: listed, made anew from the journal, forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf

from codegen.config.overlays import ServerSettings
from codegen.config.paths import Workspace
from codegen.config.settings import load_settings
from codegen.errors import UsageError, nearest
from codegen.generate.returns import return_rule
from codegen.journal.read import answers
from codegen.runtime.learn import Seen
from codegen.tree.learned import Shapes, change, known_shapes
from codegen.tree.present import Present, read_present


def learned(place: Workspace, targets: Sequence[str] = ()) -> list[str]:
    """The paths (`server.tool`) of the tools that show a learned result type; `targets` narrow it.

    Raises UsageError for an unknown target.
    """
    settings, present = load_settings(place.settings), read_present(place.servers)
    wanted = _chosen(present, targets)
    return [
        f"{folder}.{present.catalogues[server].names[tool]}"
        for server, folder in present.folders.items()
        for tool in known_shapes(place, folder)
        if tool in present.catalogues[server].names and wanted(folder, tool) and _shown(settings.server(server), tool)
    ]


def learn_from_runs(place: Workspace, targets: Sequence[str]) -> list[str]:
    """Put what the journal's results say in the place of what is known, for every tool that has some.

    `targets` (servers, or `server.tool`) narrow it. Gives the paths of the tools whose type changed. Raises UsageError
    for an unknown target, WorkspaceError.
    """
    settings, present = load_settings(place.settings), read_present(place.servers)
    wanted = _chosen(present, targets)
    open_tools = {
        (name, tool.name)
        for name, catalogue in present.catalogues.items()
        for tool in catalogue.tools
        if settings.server(name).learn and return_rule(tool).is_open
    }
    seen = Seen(inf)
    for server, tool, value in answers(place.journal):
        if (server, tool) in open_tools and wanted(present.folders[server], tool):
            seen.add(present.folders[server], tool, value)
    return change(place, settings, seen.shapes, lambda folder, known: {**known, **seen.shapes[folder]})


def forget(place: Workspace, targets: Sequence[str]) -> list[str]:
    """Drop what is known of servers or tools. Gives the paths whose type changed. Raises UsageError, WorkspaceError."""
    present = read_present(place.servers)
    chosen = _chosen(present, targets)

    def kept(folder: str, known: Shapes) -> Shapes:
        return {tool: shape for tool, shape in known.items() if not chosen(folder, tool)}

    return change(place, load_settings(place.settings), present.folders.values(), kept)


def _shown(said: ServerSettings, tool: str) -> bool:
    """Whether codegen.toml leaves the result type to what was learned."""
    overlay = said.tools.get(tool)
    return said.learn and (overlay is None or overlay.returns is None)


def _chosen(present: Present, targets: Sequence[str]) -> Callable[[str, str], bool]:
    """Whether a tool is meant, by its server's folder and its wire name; all are where no target is given."""
    named: Mapping[str, tuple[str, str]] = {
        f"{folder}.{name}": (folder, tool)
        for server, folder in present.folders.items()
        for tool, name in present.catalogues[server].names.items()
    }
    folders = set(present.folders.values())
    for target in targets:
        if target not in named and target not in folders:
            known = [*folders, *named]
            raise UsageError(f"no server or tool {target!r}", hint=nearest(target, known) or "codegen learn lists them")
    tools = {named[target] for target in targets if target in named}
    return lambda folder, tool: not targets or folder in targets or (folder, tool) in tools
