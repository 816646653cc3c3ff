"""Listing every server at once: each has its own time, and one that fails costs only itself."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from typing import Literal

from codegen.catalogue.source import Session
from codegen.catalogue.start import Started, command_of, spawn
from codegen.config.mcp_json import ServerConfig, StdioServer
from codegen.errors import CodegenError
from codegen.model import Catalogue, Problem

LISTED_LINGER_S = 0.1
"""A server that was only listed has nothing to put in order: on node many don't end before they are told to."""

_LAST_WORDS_S = 2.0
"""For a session that ran out of time to find out what its server said."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where one server stands; `tools` counts from "done" on, `seconds` since its start."""

    server: str
    state: Literal["starting", "listing", "done", "failed"]
    tools: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Listing:
    """What came of one server: a catalogue, or the problem that prevented it."""

    server: str
    catalogue: Catalogue | None
    problem: Problem | None
    seconds: float


async def collect(
    configs: Sequence[ServerConfig],
    variables: Mapping[str, str],
    *,
    time_limit: float = 60,
    on_progress: Callable[[Progress], None] | None = None,
) -> list[Listing]:
    """Start all servers, list their tools, end them: in parallel, each within `time_limit` seconds.

    The answer is in the order of `configs`. Cancelling it ends every server that was started.
    """
    report = on_progress or (lambda _progress: None)
    began = asyncio.get_running_loop().time()
    waiting = [await _start(config, variables) for config in configs]
    try:
        # Only now, because it takes 0.6 s, in which the servers boot.
        from codegen.catalogue.mcp import open_session

        async with asyncio.TaskGroup() as group:
            tasks = []
            for at, config in enumerate(configs):
                opening = open_session(config, variables, time_limit=time_limit, started=waiting[at])
                tasks.append(group.create_task(_list_one(config.name, opening, began, time_limit, report)))
            waiting = []  # each is its session's from here on
    finally:
        for one in filter(None, waiting):
            os.killpg(one.process.pid, signal.SIGKILL)
    return [task.result() for task in tasks]


async def _start(config: ServerConfig, variables: Mapping[str, str]) -> Started | None:
    """The process of a server that has one; None where it fails to start, which its own session finds and says."""
    if isinstance(config, StdioServer):
        with suppress(CodegenError, OSError, ValueError):
            process = await spawn(command_of(config, variables))
            return Started(process, LISTED_LINGER_S, asyncio.get_running_loop().time())
    return None


async def _list_one(
    name: str,
    opening: AbstractAsyncContextManager[Session],
    began: float,
    time_limit: float,
    report: Callable[[Progress], None],
) -> Listing:
    clock = asyncio.get_running_loop().time
    listed, until = began, began + time_limit
    more_time = "more time: [sync] time_limit in codegen.toml"
    catalogue: Catalogue | None = None
    problem: Problem | None = None
    report(Progress(name, "starting"))
    try:
        async with asyncio.timeout_at(until + _LAST_WORDS_S) as limit, opening as session:
            limit.reschedule(until)
            report(Progress(name, "listing", seconds=clock() - began))
            tools, problems = await session.list_tools()
            catalogue = Catalogue(server=session.info, tools=tools, problems=problems)
            listed = clock()
            report(Progress(name, "done", tools=len(tools), seconds=listed - began))
    except TimeoutError:
        if catalogue is None:
            what = f"server {name!r} did not list its tools within {time_limit:g} s"
            problem = Problem(name, what, more_time)
    except CodegenError as error:
        hint = f"{error.hint}; {more_time}" if clock() >= until else error.hint
        problem = Problem(name, error.what, hint)
    if catalogue is None:
        report(Progress(name, "failed", seconds=clock() - began))
        return Listing(name, None, problem, clock() - began)
    return Listing(name, catalogue, None, listed - began)
