"""A broker's host in this process, over the ledger server: calls are made as scripts make them, without a sandbox."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from conftest import SERVERS

from codegen.config.paths import Workspace
from codegen.journal.read import calls_of
from codegen.journal.record import CallRecord, Ended
from codegen.model import JsonObject
from codegen.runtime.calls import Attempt, Caller, Line
from codegen.runtime.clock import Clock
from codegen.runtime.host import Host, open_host
from codegen.runtime.replay import Replay

KEY = {"type": "object", "properties": {"key": {"type": "string"}}, "required": ["key"]}
HINTS: dict[str, dict[str, bool]] = {
    "get": {"readOnlyHint": True},
    "post": {"readOnlyHint": False, "destructiveHint": False},
    "put": {"readOnlyHint": False, "destructiveHint": False, "idempotentHint": True},
    "erase": {"readOnlyHint": False, "destructiveHint": True},
}
"""As tests/servers/ledger.py has them."""


class House:
    """One workspace; `ledger` is what was applied on the server's side."""

    def __init__(self, root: Path, host: Host) -> None:
        self.root = root
        self.host = host
        self.run = host.journal.begin("<test>", "pass", (), "none", {})
        self.caller = self.attempt()

    def attempt(self, *made: CallRecord) -> Caller:
        last = max((call.number for call in made), default=0)
        return Caller(self.host, Attempt(self.run, made=last, replay=Replay(made)), Clock(60), Line())

    async def call(self, tool: str, key: str = "k", server: str = "ledger") -> JsonObject:
        return await self.caller.answer({"call": {"server": server, "tool": tool, "arguments": {"key": key}}})

    def end(self) -> None:
        self.host.journal.end(self.run, Ended("succeeded", 0, 0.1, None, "", ""))

    @property
    def calls(self) -> tuple[CallRecord, ...]:
        return calls_of(Workspace(self.root).journal, self.run)

    @property
    def ledger(self) -> list[str]:
        path = self.root / "ledger"
        return path.read_text().splitlines() if path.exists() else []


def in_house(root: Path, test: Callable[[House], Awaitable[None]], settings: str = "", **env: str) -> None:
    """Run a test in a new workspace under `root`."""
    (root / "codegen.toml").write_text(settings)
    env |= {"LEDGER": str(root / "ledger"), "FAULT_DONE": str(root / "struck")}
    server: dict[str, Any] = {"command": sys.executable, "args": [str(SERVERS / "ledger.py")], "env": env}
    fails = "import os, sys; os.path.exists('tried') or (open('tried', 'w').close(), sys.exit('not yet')); "
    late = {
        "command": sys.executable,
        "args": ["-c", fails + f"os.execv({sys.executable!r}, ['python', {server['args'][0]!r}])"],
    }
    late |= {"env": env}
    absent = {"command": "no-such-command"}
    (root / "mcp.json").write_text(json.dumps({"mcpServers": {"ledger": server, "late": late, "absent": absent}}))
    tools = [{"name": name, "inputSchema": KEY, "annotations": hints} for name, hints in HINTS.items()]
    for name in ("ledger", "late", "absent"):
        folder = root / "servers" / name
        folder.mkdir(parents=True)
        (folder / ".catalogue.json").write_text(json.dumps({"server": {"name": name}, "tools": tools}))

    async def main() -> None:
        host = open_host(root)
        try:
            await test(House(root, host))
        finally:
            await host.close()

    asyncio.run(main())
