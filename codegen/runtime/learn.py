"""What the results of a run looked like, and the tree told of it."""

from __future__ import annotations

import sys
from collections import Counter

from codegen.config.paths import Workspace
from codegen.config.settings import Settings
from codegen.errors import CodegenError
from codegen.learning.observe import shape_of
from codegen.learning.widen import wider
from codegen.model import Json, JsonSchema

MOST_RESULTS = 20
"""Results of one tool that are looked at in a run: what they have in common shows soon."""


class Seen:
    """The shapes of results, by the server's folder and the tool's wire name, of at most `most` results a tool."""

    def __init__(self, most: float = MOST_RESULTS) -> None:
        self.shapes: dict[str, dict[str, JsonSchema]] = {}
        self._most = most
        self._count: Counter[tuple[str, str]] = Counter()

    def add(self, folder: str, tool: str, value: Json) -> None:
        """Look at a result; it is not kept."""
        self._count[folder, tool] += 1
        if self._count[folder, tool] > self._most:
            return
        shapes, shape = self.shapes.setdefault(folder, {}), shape_of(value)
        shapes[tool] = wider(shapes.get(tool), shape)


def learn(place: Workspace, settings: Settings, seen: Seen) -> list[str]:
    """Write what was new into servers/. Gives the paths of the tools whose type changed; trouble is only logged."""
    if not seen.shapes:
        return []
    from codegen.tree.learned import widen  # and with it the generator: not before the first result

    try:
        return widen(place, settings, seen.shapes)
    except (CodegenError, OSError) as error:
        sys.stderr.write(f"not learned: {error}\n")
        return []
