"""`codegen broker status | start | stop`."""

from __future__ import annotations

import time

from codegen.cli import output
from codegen.cli.options import parser, workspace


def main(words: list[str]) -> int:
    options = parser("broker", "The process that holds this workspace's servers and secrets.", "codegen broker status")
    options.add_argument("action", choices=["status", "start", "stop"])
    options.add_argument("--json", action="store_true", help="print JSON")
    arguments = options.parse_args(words)
    place = workspace(arguments.workspace)

    from codegen.runtime.client import connect, try_connect

    if arguments.action == "start":
        connect(place.root).close()
        return 0
    connection = try_connect(place.root)
    if connection is None:
        output.document({"version": 1, "running": False}) if arguments.json else output.line("no broker is running")
        return 0
    connection.send({arguments.action: True})
    answer = connection.receive() or {}
    if arguments.action == "stop":
        while connection.receive() is not None:  # it closes every connection when it has let go of the socket
            pass
    connection.close()
    if arguments.json:
        output.document({"version": 1, "running": arguments.action == "status", **answer})
    elif arguments.action == "stop":
        output.line(f"stopped the broker (process {answer.get('stopped')})")
    else:
        started, servers = answer.get("started"), answer.get("servers")
        age = time.time() - started if isinstance(started, float) else 0.0
        names = ", ".join(str(each) for each in servers) if isinstance(servers, list) and servers else "none"
        output.line(f"process {answer.get('pid')}, {age:.0f} s old; runs: {answer.get('runs')}; servers open: {names}")
    return 0
