"""How long one command takes, start to end, as a multiple of a bare interpreter.

    python benchmarks/run_latency.py [ROUNDS]

All commands take turns, in an order that changes each round. The broker is warm, the sandbox the workspace's default.
"""

from __future__ import annotations

import random
import sys

from measure import CODEGEN, PYTHON, against, milliseconds, ratio, run, seconds, shown, table, workspace

BARE = [PYTHON, "-c", "pass"]
ONE_CALL = 'from servers.shop import get_stock\nprint(get_stock(sku="LI-101")["available"])'
COMMANDS = {
    "run, one call": ([CODEGEN, "run", "-c", ONE_CALL], 3.0),
    "run, no call": ([CODEGEN, "run", "-c", "print(1)"], 3.0),
    "search": ([CODEGEN, "search", "what is left of a product"], 3.0),
    "describe": ([CODEGEN, "describe", "shop.get_stock"], 3.0),
}


def main(rounds: int) -> None:
    with workspace({"shop": [PYTHON, "-m", "codegen.demo"]}) as place:
        run([CODEGEN, "sync"], place)
        times: dict[str, list[float]] = {name: [] for name in ("bare", *COMMANDS)}
        for command, _ in COMMANDS.values():
            run(command, place)  # starts the broker and the server, and fills the caches
        turns = {"bare": BARE} | {name: command for name, (command, _) in COMMANDS.items()}
        order = [*turns]
        for number in range(rounds):
            # The broker still tidies up after a run when its command has ended, at the cost of whoever comes next.
            random.Random(number).shuffle(order)
            for name in order:
                times[name].append(seconds(turns[name], place))
    bare = times["bare"]
    rows = [["bare", milliseconds(bare), "1x", shown(BARE)]]
    for name, (command, target) in COMMANDS.items():
        rows.append([name, milliseconds(times[name]), against(ratio(times[name], bare), target), shown(command)])
    table(f"median (fastest-slowest) of {rounds} rounds, ms", rows)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
