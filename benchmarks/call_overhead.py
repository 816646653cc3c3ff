"""What a call costs inside a script, beside the same call of a raw mcp client session on the same kind of server.

    python benchmarks/call_overhead.py [ROUNDS]

The time is taken inside: perf_counter around the calls, after one call that opens the session. The raw client and the
scripts take turns. Then 50 independent calls of a tool that takes 50 ms: side by side against one after the other.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from mcp import Client, StdioServerParameters
from measure import CODEGEN, PYTHON, SERVERS, against, milliseconds, ratio, run, shown, table, workspace

CASES = ((100, 3), (1000, 3), (100, 1000))  # calls, tools of the server
DELAY_MS = 50
SEQUENTIAL = """
import time
from servers.tools{tools} import tool_0
tool_0(value=0)
start = time.perf_counter()
for number in range({calls}):
    assert tool_0(value=number)["value"] == number
print(time.perf_counter() - start)
"""
PARALLEL = """
import json, time
from functools import partial
from servers import gather
from servers.tools3 import slow
slow(value=0)
start = time.perf_counter()
one_by_one = [slow(value=number) for number in range(50)]
middle = time.perf_counter()
side_by_side = gather(*[partial(slow, value=number) for number in range(50)])
end = time.perf_counter()
assert one_by_one == side_by_side
print(json.dumps([middle - start, end - middle]))
"""


def server(tools: int) -> list[str]:
    return ["env", f"TOOLS={tools}", f"DELAY_MS={DELAY_MS}", PYTHON, str(SERVERS / "counting.py")]


async def raw_calls(client: Client, calls: int) -> float:
    """Seconds for that many calls, one after the other, each checked as the script checks it."""
    start = time.perf_counter()
    for number in range(calls):
        result = await client.call_tool("tool_0", {"value": number})
        assert result.structured_content is not None
        assert result.structured_content["value"] == number
    return time.perf_counter() - start


async def list_all(client: Client) -> None:
    """As any client does before it calls; the session then validates results by their schemas."""
    cursor = None
    while (cursor := (await client.list_tools(cursor=cursor)).next_cursor) is not None:
        pass


async def compare(place: Path, calls: int, tools: int, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds a call: of the raw client, and of the script under `codegen run`."""
    command, *arguments = server(tools)
    script = SEQUENTIAL.format(tools=tools, calls=calls)
    raw: list[float] = []
    ours: list[float] = []
    async with Client(StdioServerParameters(command=command, args=arguments)) as client:
        await list_all(client)
        await raw_calls(client, 1)
        for _ in range(rounds):
            raw.append(await raw_calls(client, calls) / calls)
            ours.append(float(await asyncio.to_thread(run, [CODEGEN, "run", "-"], place, script)) / calls)
    return raw, ours


def main(rounds: int) -> None:
    timed = shown([CODEGEN, "run", "-"])
    with workspace({f"tools{tools}": server(tools) for tools in {tools for _, tools in CASES}}) as place:
        run([CODEGEN, "sync"], place)
        rows = [["calls", "tools", "raw client", timed, "ratio"]]
        for calls, tools in CASES:
            raw, ours = asyncio.run(compare(place, calls, tools, rounds))
            compared = against(ratio(ours, raw), 1.3)
            rows.append([str(calls), str(tools), milliseconds(raw), milliseconds(ours), compared])
        table(f"sequential calls in one script, ms a call, median (fastest-slowest) of {rounds} rounds", rows)

        pairs = [json.loads(run([CODEGEN, "run", "-"], place, PARALLEL)) for _ in range(3)]
        one_by_one, side_by_side = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        faster = against(ratio(one_by_one, side_by_side), 5, at_least=True)
        rows = [["one by one", milliseconds(one_by_one), ""], ["gather", milliseconds(side_by_side), faster]]
        table(f"50 calls of a {DELAY_MS} ms tool in one script ({timed}), ms, median of 3", rows)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
