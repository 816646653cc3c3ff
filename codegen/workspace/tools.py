"""The tools of the synced tree, as codegen.toml has them. No server is started."""

from __future__ import annotations

from codegen.config.overlays import denied_by
from codegen.config.paths import Workspace
from codegen.config.settings import Settings
from codegen.errors import UnknownToolError, nearest
from codegen.generate.overlay import overlaid
from codegen.model import Tool
from codegen.naming import identifier
from codegen.tree.present import read_present


class SyncedTools:
    """`by_path` has every tool by its place in the tree: `github.create_issue`. `denied` has those that codegen.toml
    leaves out, by the place they would have, with the setting that does.
    """

    def __init__(self, place: Workspace, settings: Settings) -> None:
        present = read_present(place.servers)
        self.problems = present.problems
        self.by_path: dict[str, Tool] = {}
        self.denied: dict[str, tuple[Tool, str]] = {}
        for server, catalogue in present.catalogues.items():
            folder, said = present.folders[server], settings.server(server)
            shown = overlaid(catalogue, said)
            for tool in shown.tools:
                self.by_path[f"{folder}.{shown.names.get(tool.name, tool.name)}"] = tool
            for tool in catalogue.tools:
                if why := denied_by(server, said, tool.name):
                    self.denied[f"{folder}.{catalogue.names.get(tool.name, identifier(tool.name))}"] = (tool, why)

    def find(self, name: str) -> tuple[str, Tool]:
        """A tool and its path, by that, or by its server's and its own wire name: `my-server.create-issue`.

        Raises UnknownToolError, with the nearest name, or the setting that denies it.
        """
        for path, tool in self.by_path.items():
            if name in {path, f"{tool.server}.{tool.name}"}:
                return path, tool
        for path, (tool, why) in self.denied.items():
            if name in {path, f"{tool.server}.{tool.name}"}:
                raise DeniedToolError(why)
        hint = nearest(name, self.by_path) or "codegen search finds tools by what they do"
        raise UnknownToolError(f"no tool is called {name!r}", hint=hint)


class DeniedToolError(UnknownToolError):
    """A server's tool that codegen.toml leaves out: there is no file of it, and no call."""

    exit_code = 3
