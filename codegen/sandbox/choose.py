"""Which backend runs the scripts."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.errors import SandboxUnavailableError, UsageError, nearest
from codegen.sandbox.backend import Availability, Backend
from codegen.sandbox.bubblewrap import Bubblewrap
from codegen.sandbox.containers import Containers
from codegen.sandbox.monty import Monty
from codegen.sandbox.native import Native
from codegen.sandbox.pyodide import Pyodide
from codegen.sandbox.seatbelt import Seatbelt
from codegen.sandbox.unconfined import Unconfined

AUTO = "auto"
_STRONGEST_FIRST: tuple[Backend, ...] = (
    Native(),
    Bubblewrap(),
    Seatbelt(),
    Containers("podman"),  # a container costs twenty times a start; this one needs no daemon that is root
    Containers("docker"),
)
_BY_NAME_ALONE: tuple[Backend, ...] = (Monty(), Pyodide(), Unconfined())
_BY_NAME: dict[str, Backend] = {backend.name: backend for backend in (*_STRONGEST_FIRST, *_BY_NAME_ALONE)}


@dataclass(frozen=True, slots=True)
class Choice:
    """A backend, and what its probe found."""

    backend: Backend
    found: Availability

    @property
    def level(self) -> str:
        """As a run's record names it."""
        return f"{self.backend.name} (weaker)" if self.found.weaker else self.backend.name


def choose(name: str = AUTO) -> Choice:
    """The strongest backend that was tried and works whole, else one that is weaker here, or the named one if it works.

    Takes a child process's time: keep the answer. Raises SandboxUnavailableError, with the measured reasons and what
    mends them; UsageError for an unknown name. What needs consent is never chosen but by its name.
    """
    if name != AUTO and name not in _BY_NAME:
        known = [AUTO, *_BY_NAME]
        raise UsageError(f"unknown sandbox {name!r}", hint=nearest(name, known) or f"known: {', '.join(known)}")
    reasons: list[str] = []
    mends: list[str] = []
    lesser: Choice | None = None
    for backend in _STRONGEST_FIRST if name == AUTO else (_BY_NAME[name],):
        found = backend.probe()
        if found.works and (name != AUTO or not (found.weaker or found.needs_consent)):
            return Choice(backend, found)
        if found.works and not found.needs_consent:
            lesser = lesser or Choice(backend, found)
        reasons.append(f"{backend.name}: {found.why}")
        mends.append(found.mend)
    if lesser:
        return lesser
    raise SandboxUnavailableError(
        f"no sandbox works here, nothing was run ({'; '.join(reasons)})",
        hint=next(
            filter(None, mends), "`codegen doctor` says what each sandbox needs; --sandbox none accepts the risk"
        ),
    )
