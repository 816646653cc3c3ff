"""Which backend runs the scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from codegen.errors import SandboxUnavailableError, UsageError, nearest
from codegen.sandbox.backend import Availability, Backend
from codegen.sandbox.bubblewrap import Bubblewrap
from codegen.sandbox.containers.containers import Containers
from codegen.sandbox.guests.monty import Monty
from codegen.sandbox.guests.pyodide import Pyodide
from codegen.sandbox.native import Native
from codegen.sandbox.seatbelt import Seatbelt
from codegen.sandbox.unconfined import Unconfined

AUTO = "auto"
_NO_MEND = "`codegen doctor` says what each sandbox needs; --sandbox none accepts the risk"
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


def known() -> tuple[str, ...]:
    """The names of all backends, the strongest first, the one without a wall last."""
    return tuple(_BY_NAME)


def survey() -> Iterator[Choice]:
    """Every backend with what its probe finds here, in the order of `known`; none is probed before it is asked for."""
    return map(_probed, _BY_NAME.values())


def _probed(backend: Backend) -> Choice:
    return Choice(backend, backend.probe())


def picked(found: Iterable[Choice], name: str = AUTO) -> Choice | None:
    """The one of these, in this order, that a run gets; what comes after it is never asked for."""
    if name != AUTO:
        return next((one for one in found if one.backend.name == name and one.found.works), None)
    lesser: Choice | None = None
    for one in found:
        if one.found.works and one.backend.confines and not one.found.needs_consent:
            if not one.found.weaker:
                return one
            lesser = lesser or one
    return lesser


def choose(name: str = AUTO) -> Choice:
    """The strongest backend that was tried and works whole, else one that is weaker here, or the named one if it works.

    Takes a child process's time: keep the answer. Raises SandboxUnavailableError, with the measured reasons and what
    mends them; UsageError for an unknown name. What needs consent is never chosen but by its name.
    """
    if name != AUTO and name not in _BY_NAME:
        names = [AUTO, *_BY_NAME]
        raise UsageError(f"unknown sandbox {name!r}", hint=nearest(name, names) or f"known: {', '.join(names)}")
    tried: list[Choice] = []
    chosen = picked(_probing(_STRONGEST_FIRST if name == AUTO else (_BY_NAME[name],), tried), name)
    if chosen:
        return chosen
    reasons = "; ".join(f"{one.backend.name}: {one.found.why}" for one in tried)
    raise SandboxUnavailableError(
        f"no sandbox works here, nothing was run ({reasons})",
        hint=next((one.found.mend for one in tried if one.found.mend), _NO_MEND),
    )


def _probing(backends: Iterable[Backend], tried: list[Choice]) -> Iterator[Choice]:
    for backend in backends:
        tried.append(_probed(backend))
        yield tried[-1]
