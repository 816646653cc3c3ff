"""Tools are called while they are what was synced (DESIGN section 7): servers change them behind a script's back."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping

from codegen.catalogue.snapshot import definition_hash
from codegen.catalogue.source import Session
from codegen.errors import ChangedError, ServerError, UnreachableError
from codegen.generate.difference import difference
from codegen.generate.literals import one_line
from codegen.model import Tool

LIST_LIMIT_S = 10.0
"""Seconds a server has to list its tools. One that can't, or not in time, pins nothing, and its calls are made all the
same: whoever wants to deceive can as well list what was synced."""


class Pins:
    """What the server of one session lists: taken before the first call, and anew once it says that it changed."""

    def __init__(self) -> None:
        self._listed: Mapping[str, Tool] | None = None
        self._same: set[Tool] = set()
        self._listing = asyncio.Lock()

    def forget(self) -> None:
        """The server's tools have changed."""
        self._listed = None
        self._same.clear()

    async def hold(self, session: Session, synced: Tool) -> None:
        """Raises ChangedError where the server's tool is no longer the synced one, UnreachableError where it is gone.

        Before it refuses, the server is asked once more, and given a moment: some add tools after they are opened.
        """
        if synced in self._same:
            return
        async with self._listing:
            if self._listed is None:
                self._listed = await _list(session, settled=False) or {}
            if not _fits(self._listed, synced):
                self._listed = await _list(session, settled=True) or self._listed
            if not _fits(self._listed, synced):
                raise _changed(synced, self._listed.get(synced.name))
            self._same.add(synced)


def _fits(listed: Mapping[str, Tool], synced: Tool) -> bool:
    """An empty list is that of a server that can't list."""
    live = listed.get(synced.name)
    return not listed or (live is not None and definition_hash(live) == definition_hash(synced))


async def _list(session: Session, *, settled: bool) -> Mapping[str, Tool] | None:
    """The live tools by name, None where they can't be had. Raises UnreachableError."""
    try:
        async with asyncio.timeout(LIST_LIMIT_S):
            tools, _ = await session.list_tools(settled=settled)
    except (ServerError, TimeoutError) as error:
        if not session.alive:
            raise UnreachableError(f"{error} (nothing was sent)") from error
        why = str(error) or f"it took longer than {LIST_LIMIT_S:g} s"
        sys.stderr.write(f"tools of {session.info.name!r} are called unpinned: {one_line(why, 300)}\n")
        return None
    return {tool.name: tool for tool in tools}


def _changed(synced: Tool, live: Tool | None) -> ChangedError:
    name = one_line(f"{synced.server}.{synced.name}")
    hint = f'codegen sync takes it over, [servers.{one_line(synced.server)}] trust = "follow" does without'
    if live is None:
        return ChangedError(f"{name} was not called: its server no longer lists it", hint=hint)
    what = f"{name} was not called: its definition has changed since it was synced\n{difference(synced, live)}"
    return ChangedError(what, hint=hint)
