"""Where runs happen: a world is built once around the fork server, and entered anew by every run."""

from __future__ import annotations

import os

from codegen.sandbox.inside import warden
from codegen.sandbox.linux import limits, privileges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    from codegen.sandbox import plan
    from codegen.sandbox.plan import Request

    class World(Protocol):
        """What the fork server and a run's keeper ask of it. Failure is an OSError: nothing of the script has run."""

        flags: int
        """Of clone(2): the namespaces that each run has for itself. With any, its keeper is process 1 in there."""

        shelters: bool
        """Whether it confines the fork server too, so that packages may be imported ahead in there."""

        once: bool
        """Made for one run, which is not forked: who serves it becomes its keeper, and is process 1 already."""

        tick_ms: int
        writable: list[str]
        scratch: list[str]
        """Folders that a run has for itself."""

        def enter(self, request: Request) -> None:
            """Called in the keeper: what binds it and the script alike."""

        def confine_script(self) -> None:
            """Called last in the script's own process, which is bound by this alone."""

        def members(self) -> Iterable[int]:
            """All processes of the run but the keeper, which asks."""

        def leave(self) -> None:
            """Called in the keeper when nobody else is left."""


def build(wanted: plan.World | None) -> World:
    """Build a world around this process, for good. Each kind is imported only where it is wanted."""
    if wanted is None:
        return Open()
    if wanted["kind"] == "landlock":
        from codegen.sandbox.inside.fenced import Fenced

        return Fenced(wanted)
    if wanted["kind"] == "given":
        from codegen.sandbox.inside.given import Given

        return Given(wanted)
    from codegen.sandbox.inside.isolated import Isolated

    return Isolated(wanted)


class Open:
    """No wall at all: a run's processes are only kept together, so that they end together."""

    flags = 0
    shelters = True  # there is nothing to be sheltered from
    once = False
    tick_ms = warden.TICK_MS

    def __init__(self) -> None:
        self.writable: list[str] = []
        self.scratch: list[str] = []
        privileges.adopt_orphans()

    def enter(self, request: Request) -> None:
        privileges.adopt_orphans()
        os.chdir(request["cwd"])
        limits.apply(request["limits"], own_user_namespace=False)

    def confine_script(self) -> None:
        pass

    def members(self) -> Iterable[int]:
        return warden.descendants(os.getpid())

    def leave(self) -> None:
        pass
