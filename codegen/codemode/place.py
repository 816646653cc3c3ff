"""Where scripts of a task run: in the workspace itself, or, with functions of the program, in one made for the task.

The functions' modules stand in a tree like all others, and the tree of a workspace is its owner's: other tasks and
people read it meanwhile. So a task with functions gets a workspace of its own in the temporary folder, with copies of
the given one's servers/, skills/, settings and mcp.json (whose servers still start where they did). It goes at the end,
with its broker, its data/ and its journal.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from codegen.agents.local_tool import LocalTool
from codegen.catalogue.listing import read_tools
from codegen.catalogue.snapshot import FILE_NAME, snapshot_text
from codegen.config.mcp_json import add_server, load_servers
from codegen.config.paths import Workspace
from codegen.errors import UsageError
from codegen.model import Catalogue, ServerInfo
from codegen.runtime.client import try_connect
from codegen.runtime.local import LOCAL
from codegen.skills.catalogue import index_skills
from codegen.workspace.sync import SyncRequest, sync

_SETTINGS = "[broker]\nidle_stop = 60\n"
"""Of a workspace that is only there for a task: its broker doesn't outlive a program that was killed by much."""

_INTRODUCTION = "Functions of the program that asked for this task."


@asynccontextmanager
async def opened(base: Workspace | None, tools: Sequence[LocalTool]) -> AsyncIterator[Workspace]:
    """The workspace of a task; one that is made for it is gone afterwards, and so is its broker.

    Raises UsageError for functions that can't be in one tree, or no workspace and no functions.
    """
    if not tools:
        if base is None:
            raise UsageError("there is nothing to work with", hint="give functions, a pydantic-ai Agent or a workspace")
        yield base
        return
    place = Workspace(Path(tempfile.mkdtemp(prefix="codemode-")).resolve())
    making = asyncio.create_task(asyncio.to_thread(_make, place, base, tools))
    try:
        await asyncio.shield(making)
        yield place
    finally:
        await asyncio.wait({making})  # a thread goes on when nobody waits for it any more
        await asyncio.to_thread(_remove, place)


def _make(place: Workspace, base: Workspace | None, tools: Sequence[LocalTool]) -> None:
    _furnish(place, base)
    _generate(place, tools)


def _furnish(place: Workspace, base: Workspace | None) -> None:
    place.data.mkdir()
    place.mcp_json.write_text('{"mcpServers": {}}\n')
    if base is None:
        place.settings.write_text(_SETTINGS)
        return
    for file in (base.settings, base.root / "AGENTS.md"):
        if file.is_file():
            shutil.copy(file, place.root)
    for folder in (base.servers, base.skills):
        if folder.is_dir():
            shutil.copytree(folder, place.root / folder.name)
    if base.mcp_json.is_file():
        for config in load_servers(base.mcp_json)[0]:
            if config.name == LOCAL:
                raise UsageError(f"{base.mcp_json} has a server {LOCAL!r} of its own", hint="give it another name")
            add_server(place.mcp_json, config)
    place.make_state()
    index_skills(place)


def _generate(place: Workspace, tools: Sequence[LocalTool]) -> None:
    """Write the modules of the functions, and the index of all tools."""
    names = [tool.name for tool in tools]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"two functions are called {twice[0]!r}", hint="a script could reach only one of them")
    listed, problems = read_tools(LOCAL, [tool.wire for tool in tools])
    folder = place.servers / LOCAL
    folder.mkdir(parents=True)
    catalogue = Catalogue(ServerInfo(LOCAL, instructions=_INTRODUCTION), listed)
    (folder / FILE_NAME).write_text(snapshot_text(catalogue, {}), encoding="utf-8")
    report = asyncio.run(sync(place, SyncRequest(offline=True)))
    skipped = next((each.skipped for each in report.servers if each.name == LOCAL), ())
    for problem in (*problems, *skipped):
        raise UsageError(str(problem))


def _remove(place: Workspace) -> None:
    connection = try_connect(place.root)
    if connection is not None:
        connection.send({"stop": True})
        pid = (connection.receive() or {}).get("stopped")
        while connection.receive() is not None:  # it closes every connection when it has let go of the socket
            pass
        connection.close()
        if isinstance(pid, int):
            with suppress(ChildProcessError):  # it was reaped already
                os.waitpid(pid, 0)
    shutil.rmtree(place.root, ignore_errors=True)
