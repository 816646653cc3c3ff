"""Learned shapes on disk: read, widened, forgotten, and the modules of their tools written again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from codegen.catalogue.learned import read_learned
from codegen.config.paths import Workspace
from codegen.config.settings import Settings
from codegen.errors import ConfigError
from codegen.learning.shape import well_formed
from codegen.learning.widen import wider
from codegen.model import JsonSchema
from codegen.tree.bring import alone, bring
from codegen.tree.build import build
from codegen.tree.present import read_present

LOCK = "tree"
"""On servers/: held for a moment, while a sync may last as long as its slowest server."""

Shapes = Mapping[str, JsonSchema]
"""By the tools' wire names."""


def known_shapes(place: Workspace, folder: str) -> dict[str, JsonSchema]:
    """What was learned of a server; nothing where the file can't be used."""
    try:
        learned = read_learned(place.servers / folder)
    except ConfigError:
        return {}
    return {tool: shape for tool, shape in learned.items() if well_formed(shape)}


def widen(place: Workspace, settings: Settings, seen: Mapping[str, Shapes]) -> list[str]:
    """Let the types describe what was seen, by folder. Gives the paths of the tools whose type changed.

    Nothing is locked or written where it was known. Raises WorkspaceError.
    """
    fresh = [folder for folder, shapes in seen.items() if _wider(known_shapes(place, folder), shapes)]
    return change(place, settings, fresh, lambda folder, known: {**known, **_wider(known, seen[folder])})


def change(
    place: Workspace, settings: Settings, folders: Iterable[str], new: Callable[[str, Shapes], Shapes]
) -> list[str]:
    """Give servers the learned shapes that `new` makes of their folder and theirs. Gives the changed tools' paths.

    A folder that isn't in the tree is passed over. Raises WorkspaceError.
    """
    wanted = list(folders)
    if not wanted:
        return []
    with alone(place, LOCK):
        return [path for folder in wanted for path in _change(place, settings, folder, new)]


def _change(place: Workspace, settings: Settings, folder: str, new: Callable[[str, Shapes], Shapes]) -> list[str]:
    present = read_present(place.servers, folder)
    changed: list[str] = []
    for catalogue in present.catalogues.values():
        known = known_shapes(place, folder)
        wanted = new(folder, known)
        built = build(catalogue, folder, settings, wanted)
        names = built.package.names
        changed = [f"{folder}.{names[tool]}" for tool in names if known.get(tool) != wanted.get(tool)]
        if changed:
            bring(place, [built], built.files, present.owned)
    return changed


def _wider(known: Shapes, seen: Shapes) -> dict[str, JsonSchema]:
    found = {tool: wider(known.get(tool), shape) for tool, shape in seen.items()}
    return {tool: shape for tool, shape in found.items() if shape is not known.get(tool)}
