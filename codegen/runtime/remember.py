"""A run succeeded: the tools it called are what the searches before it were about."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from codegen.config.paths import Workspace
from codegen.errors import CodegenError
from codegen.journal.read import calls_of
from codegen.model import Json
from codegen.runtime.host import Host

MOST_CALLS = 1_000
"""Calls of a run that are looked at."""


def remember(host: Host, run: str) -> None:
    """Credit the waiting searches to a run's tools; trouble is only logged, and costs the run nothing."""
    place = Workspace(host.root)
    if not Path(place.searches).exists():
        return
    if not host.settings.search.remember:
        Path(place.searches).unlink(missing_ok=True)
        return
    from codegen.search.remember import credit  # not before the first search

    paths: set[str] = set()
    values: set[str] = set()
    answered = (call for call in calls_of(place.journal, run) if call.server and call.state == "answered")
    for call in islice(answered, MOST_CALLS):
        values.update(_texts(call.arguments))
        try:
            paths.add(host.tools.find(call.server, call.tool).path)
        except CodegenError:  # it was synced away meanwhile
            continue
    try:
        credit(place.searches, place.uses, paths, values)
    except OSError as error:
        sys.stderr.write(f"uses not remembered: {error}\n")


def _texts(value: Json) -> Iterator[str]:
    """All texts in a call's arguments."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
