"""How long `codegen sync` of five real servers takes, beside the slowest of them alone.

    python tests/setup_servers.py && python benchmarks/sync_time.py [ROUNDS]

Alone means: one server started and its tools listed to the last page by a raw mcp client. It is timed twice: in a
process that has the SDK loaded, without the server's stop ("start"), and as a process of its own, from loading the SDK
to the server's end ("process"), as `codegen sync` is. All take turns; each sync is the first of a new workspace.
The row "all at once" is all five side by side in the process that has the SDK loaded: what the machine's cores allow.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from pathlib import Path

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from measure import CACHE, CODEGEN, PYTHON, against, environment, milliseconds, ratio, seconds, shown, table, workspace

NOWHERE = open("/dev/null", "w", encoding="utf-8")  # noqa: SIM115 -- for the life of the process
SERVERS = {
    "filesystem": [str(CACHE / "node_modules/.bin/mcp-server-filesystem"), "/tmp"],
    "memory": [str(CACHE / "node_modules/.bin/mcp-server-memory")],
    "everything": [str(CACHE / "node_modules/.bin/mcp-server-everything")],
    "time": [str(CACHE / "venv/bin/mcp-server-time")],
    "git": [str(CACHE / "venv/bin/mcp-server-git")],
}


async def start_and_list(command: list[str]) -> float:
    """Seconds from the start of a server to the last page of its tools."""
    start = time.perf_counter()
    parameters = StdioServerParameters(command=command[0], args=command[1:], env={"PATH": environment()["PATH"]})
    async with Client(stdio_client(parameters, errlog=NOWHERE)) as client:
        cursor = None
        while (cursor := (await client.list_tools(cursor=cursor)).next_cursor) is not None:
            pass
        return time.perf_counter() - start


async def together() -> float:
    """Seconds until the last of all servers, started at once, has listed its tools."""
    return max(await asyncio.gather(*map(start_and_list, SERVERS.values())))


def main(rounds: int) -> None:
    missing = [command[0] for command in SERVERS.values() if not Path(command[0]).exists()]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)}; run python tests/setup_servers.py")
    starts: dict[str, list[float]] = {name: [] for name in SERVERS}
    processes: dict[str, list[float]] = {name: [] for name in SERVERS}
    ours: list[float] = []
    floor: list[float] = []
    for _ in range(rounds):
        with workspace(dict(SERVERS)) as place:
            ours.append(seconds([CODEGEN, "sync"], place))
        floor.append(asyncio.run(together()))
        for name, command in SERVERS.items():
            starts[name].append(asyncio.run(start_and_list(command)))
            processes[name].append(seconds([PYTHON, __file__, "--one", name], CACHE))
    rows = [["", "start", "process"]]
    rows += [[name, milliseconds(starts[name]), milliseconds(processes[name])] for name in SERVERS]
    by_start = max(starts.values(), key=statistics.median)
    by_process = max(processes.values(), key=statistics.median)
    rows.append(["all at once", milliseconds(floor), ""])
    rows.append([shown([CODEGEN, "sync"]), milliseconds(ours), ""])
    rows.append(["at once / slowest", f"{ratio(floor, by_start):.2f}x", ""])
    rows.append(["sync / slowest", against(ratio(ours, by_start), 1.3), against(ratio(ours, by_process), 1.3)])
    table(f"ms, median (fastest-slowest) of {rounds} rounds", rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        asyncio.run(start_and_list(SERVERS[sys.argv[2]]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
