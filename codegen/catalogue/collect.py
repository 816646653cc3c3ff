"""Listing every server at once: each has its own time, and one that fails costs only itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from codegen.config.mcp_json import ServerConfig
from codegen.errors import CodegenError
from codegen.model import Catalogue, Problem


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
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_list_one(config, variables, time_limit, report)) for config in configs]
    return [task.result() for task in tasks]


async def _list_one(
    config: ServerConfig, variables: Mapping[str, str], time_limit: float, report: Callable[[Progress], None]
) -> Listing:
    # Here, because it takes 0.6 s, which the callers that only read a snapshot need not pay.
    from codegen.catalogue.mcp import open_session

    clock = asyncio.get_running_loop().time
    start = clock()
    catalogue: Catalogue | None = None
    problem: Problem | None = None
    report(Progress(config.name, "starting"))
    try:
        async with asyncio.timeout(time_limit), open_session(config, variables, time_limit=time_limit) as session:
            report(Progress(config.name, "listing", seconds=clock() - start))
            tools, problems = await session.list_tools()
            catalogue = Catalogue(server=session.info, tools=tools, problems=problems)
    except TimeoutError:
        problem = Problem(config.name, f"server {config.name!r} did not list its tools within {time_limit:g} s")
    except CodegenError as error:
        problem = Problem(config.name, error.what, error.hint)
    seconds = clock() - start
    if catalogue is None:
        report(Progress(config.name, "failed", seconds=seconds))
        return Listing(config.name, None, problem, seconds)
    report(Progress(config.name, "done", tools=len(catalogue.tools), seconds=seconds))
    return Listing(config.name, catalogue, None, seconds)
