"""All servers at once, of which some fail."""

from __future__ import annotations

import asyncio
import os
import select
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.catalogue.collect import Progress, collect
from codegen.config.mcp_json import StdioServer

pytestmark = pytest.mark.anyio

Scripted = Callable[..., StdioServer]


async def test_one_dead_server_costs_only_itself_and_the_order_is_kept(scripted: Scripted) -> None:
    seen: list[Progress] = []
    missing = StdioServer("missing", "no-such-program-here", cwd=Path("/"))
    unset = StdioServer("unset", "sh", env={"A": "${NOT_SET_ANYWHERE}"}, cwd=Path("/"))
    configs = [scripted("counting"), missing, scripted("slow"), unset, scripted("broken_tool")]
    listings = await collect(configs, {}, time_limit=3, on_progress=seen.append)
    assert [listing.server for listing in listings] == ["counting", "missing", "slow", "unset", "broken_tool"]
    counts = [len(each.catalogue.tools) if each.catalogue else each.problem and each.problem.what for each in listings]
    assert counts == [
        4,
        "server 'missing' can't be started: no program 'no-such-program-here' on PATH",
        "server 'slow' did not list its tools within 3 s",
        "server 'unset' needs the variable NOT_SET_ANYWHERE, which is not set",
        6,
    ]
    states = {name: [step.state for step in seen if step.server == name] for name in ("counting", "missing", "slow")}
    assert states["counting"] == ["starting", "listing", "done"]
    assert states["missing"] == ["starting", "failed"]
    assert states["slow"] == ["starting", "listing", "failed"]
    assert [step.tools for step in seen if step.state == "done" and step.server == "counting"] == [4]


async def test_a_server_that_never_answers_is_quoted_with_what_it_printed() -> None:
    banner = StdioServer("banner", "sh", ("-c", "echo Welcome; echo loading >&2; exec sleep 60"), cwd=Path("/"))
    ((problem, hint),) = [
        (each.problem.what, each.problem.hint) for each in await collect([banner], {}, time_limit=1) if each.problem
    ]
    assert problem == (
        "server 'banner' did not answer within 1 s: it printed \"Welcome\" on stdout, which is for the protocol alone; "
        "its stderr ends with:\n    loading"
    )
    assert hint.startswith("started as: sh -c echo Welcome")
    assert hint.endswith("; more time: [sync] time_limit in codegen.toml")


async def test_the_problems_of_a_listing_stay_with_its_catalogue(scripted: Scripted) -> None:
    (listing,) = await collect([scripted("broken_tool")], {})
    assert listing.problem is None
    assert listing.catalogue is not None
    assert len(listing.catalogue.problems) == 8


async def test_cancelling_ends_every_server(scripted: Scripted, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "b")]
    configs = [scripted("slow"), *(scripted("stubborn", PIDS=str(file)) for file in files)]
    listing: list[str] = []
    all_listing = asyncio.Event()

    def watch(step: Progress) -> None:
        if step.state == "listing":
            listing.append(step.server)
        if len(listing) == len(configs):
            all_listing.set()

    task = asyncio.create_task(collect(configs, {}, on_progress=watch))
    await all_listing.wait()
    pids = [int(pid) for file in files for pid in file.read_text().split()]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [_ended(pid) for pid in pids] == [True] * 4


def _ended(pid: int) -> bool:
    try:
        return bool(select.select([os.pidfd_open(pid)], [], [], 5)[0])
    except ProcessLookupError:
        return True


async def test_no_servers_are_no_listings() -> None:
    assert await collect([], {}) == []
