"""No wall: a plain process under the same limits. For a person who asked for it by name."""

from __future__ import annotations

from codegen.sandbox.backend import Availability, View, Wall
from codegen.sandbox.forkserver import ForkServer, Kind


class Unconfined:
    """A script here may read, write and reach whatever its user may, the broker's secrets included.

    Its processes still end together, as long as it doesn't kill the one that keeps them.
    """

    name = "none"
    confines = False

    def probe(self) -> Availability:
        """Always there, and never chosen by itself."""
        return Availability(works=True, why="scripts are not confined: they can read, write and reach all that you can")

    def prepare(self, view: View) -> Wall:
        """See `Backend.prepare`; `view.mounts` means nothing here."""
        return ForkServer(view, Kind(None))
