"""The index made anew from what is on disk: after a clone, an upgrade, or damage."""

from __future__ import annotations

from codegen.config.paths import Workspace
from codegen.config.settings import load_settings
from codegen.tree.bring import alone, index
from codegen.tree.build import build
from codegen.tree.learned import known_shapes
from codegen.tree.present import read_present


def reindex(place: Workspace) -> int:
    """Index the catalogues below servers/, which stays as it is; gives how many there are. No server is asked.

    Raises ConfigError (codegen.toml can't be read), WorkspaceError (no writing here).
    """
    settings = load_settings(place.settings)
    with alone(place, "sync"):
        present = read_present(place.servers)
        folders = present.folders
        index(
            place,
            (
                build(catalogue, folders[name], settings, known_shapes(place, folders[name]))
                for name, catalogue in present.catalogues.items()
            ),
        )
    return len(present.catalogues)
