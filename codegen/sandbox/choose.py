"""Which backend runs the scripts."""

from __future__ import annotations

from codegen.errors import SandboxUnavailableError, UsageError, nearest
from codegen.sandbox.backend import Backend
from codegen.sandbox.native import Native
from codegen.sandbox.unconfined import Unconfined

AUTO = "auto"
_STRONGEST_FIRST: tuple[Backend, ...] = (Native(),)
_BY_NAME: dict[str, Backend] = {backend.name: backend for backend in (*_STRONGEST_FIRST, Unconfined())}


def choose(name: str = AUTO) -> Backend:
    """The strongest backend that was tried and works, or the named one if it works.

    Takes a child process's time: keep the answer. Raises SandboxUnavailableError, with the measured reason and what
    mends it, and never turns to something weaker; UsageError for an unknown name.
    """
    if name != AUTO and name not in _BY_NAME:
        known = [AUTO, *_BY_NAME]
        raise UsageError(f"unknown sandbox {name!r}", hint=nearest(name, known) or f"known: {', '.join(known)}")
    reasons = []
    mend = ""
    for backend in _STRONGEST_FIRST if name == AUTO else (_BY_NAME[name],):
        found = backend.probe()
        if found.works:
            return backend
        reasons.append(f"{backend.name}: {found.why}")
        mend = mend or found.mend
    raise SandboxUnavailableError(
        f"no sandbox works here, nothing was run ({'; '.join(reasons)})",
        hint=mend or "run on a Linux machine that allows user namespaces, or accept the risk: --sandbox none",
    )
