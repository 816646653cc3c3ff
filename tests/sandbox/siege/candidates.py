"""What is besieged, and what of it is known to be open."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from codegen.sandbox.backend import Backend
from codegen.sandbox.bubblewrap import Bubblewrap
from codegen.sandbox.linux import landlock
from codegen.sandbox.native import Native
from codegen.sandbox.unconfined import Unconfined


def without_namespaces() -> Backend:
    """The native sandbox as on a machine that gives none."""
    backend = Native()
    backend._kind = "landlock"
    return backend


CANDIDATES: Mapping[str, Callable[[], Backend]] = {
    "native": Native,
    "bubblewrap": Bubblewrap,
    "native, no namespaces": without_namespaces,
    "none": Unconfined,
}
"""A new backend joins by its line here."""


def lacking(name: str) -> str:
    """Why one of them can't be besieged here; empty where it can."""
    if name == "native, no namespaces":
        return "" if landlock.version() else "this kernel has no Landlock"
    found = CANDIDATES[name]().probe()
    return "; ".join(found.weaker) if found.works else found.why


KNOWN_OPEN: Mapping[str, frozenset[str]] = {
    "native, no namespaces": frozenset(
        {
            "sees_that_a_file_exists_and_its_size",
            "reads_where_a_link_outside_leads",
            "sees_that_a_process_exists",
            "reads_the_processor_time_of_another",
        }
    ),
}
"""Named in docs/sandbox.md and, as what is weaker, in `Availability.weaker`."""
