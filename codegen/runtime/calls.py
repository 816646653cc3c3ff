"""One call of a script: found in the synced definitions, recorded, made, recorded again, and answered."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

from codegen.catalogue.snapshot import read_snapshot
from codegen.config.overlays import denied_by
from codegen.config.paths import Workspace
from codegen.config.settings import Settings
from codegen.errors import CodegenError, ConfigError, ToolFailedError, UnknownToolError, nearest
from codegen.generate.overlay import overlaid
from codegen.generate.returns import return_rule
from codegen.model import Json, JsonObject
from codegen.naming import package_name
from codegen.runtime.definition import Definition
from codegen.runtime.journal import Journal
from codegen.runtime.learn import Seen
from codegen.runtime.output import write_in_data
from codegen.runtime.results import error_text, value_of
from codegen.runtime.sessions import Sessions
from codegen.runtime.wire import text_field
from codegen.search.describe import described
from codegen.search.find import find


@dataclass(slots=True)
class _Known:
    stamp: int
    tools: dict[str, Definition]


class Definitions:
    """What a call needs to know of the synced tools, from servers/*/.catalogue.json as codegen.toml has them.

    `signature` gives the call-ready line of a path. No server is ever asked.
    """

    def __init__(self, tree: Path, settings: Settings, signature: Callable[[str], str]) -> None:
        self._tree = tree
        self._settings = settings
        self._signature = signature
        self._files: dict[str, Path] = {}
        self._known: dict[str, _Known] = {}

    def find(self, server: str, tool: str) -> Definition:
        """Raises UnknownToolError when the tool isn't in the tree: that it was denied, or the nearest name."""
        tools = self._tools(server)
        found = tools.get(tool)
        if found is None:
            if denied := denied_by(server, self._settings.server(server), tool):
                raise UnknownToolError(denied)
            raise UnknownToolError(f"server {server!r} has no tool {tool!r}", hint=nearest(tool, tools))
        return found

    def _tools(self, server: str) -> dict[str, Definition]:
        file = self._files.get(server)
        if file is None or not file.is_file():
            file = self._find(server)
        stamp = file.stat().st_mtime_ns
        known = self._known.get(server)
        if known is None or known.stamp != stamp:
            known = self._known[server] = _Known(stamp, self._read(file.parent))
        return known.tools

    def _read(self, folder: Path) -> dict[str, Definition]:
        listed = read_snapshot(folder)
        said = self._settings.server(listed.server.name)
        catalogue = overlaid(listed, said)
        names = catalogue.names
        return {
            tool.name: Definition(
                tool, folder.name, names.get(tool.name, tool.name), return_rule(tool), self._signature, said.learn
            )
            for tool in catalogue.tools
        }

    def _find(self, server: str) -> Path:
        likely = self._tree / package_name(server) / ".catalogue.json"
        for file in (likely, *sorted(self._tree.glob("*/.catalogue.json"))):
            if file.is_file() and _server_of(file) == server:
                self._files[server] = file
                return file
        known = map(_server_of, self._tree.glob("*/.catalogue.json"))
        raise UnknownToolError(f"server {server!r} is not in the tree", hint=nearest(server, known) or "codegen sync")


def _server_of(file: Path) -> str:
    """Whose catalogue it is; nobody's when it can't be read, which costs no other server."""
    try:
        return read_snapshot(file.parent).server.name
    except ConfigError:
        return ""


@dataclass(slots=True)
class Caller:
    """Makes the calls of one run and numbers them. `told`: what the check has said to the script's author."""

    run: str
    root: Path
    definitions: Definitions
    sessions: Sessions
    journal: Journal
    told: frozenset[str] = frozenset()
    count: int = 0
    seen: Seen = field(default_factory=Seen)
    _blobs: int = field(default=0, init=False)
    _known: dict[tuple[str, str], Definition] = field(default_factory=dict, init=False)

    async def answer(self, message: JsonObject) -> JsonObject:
        """The reply to what a script asks: {"value": …} or {"error": text}."""
        try:
            if "search" in message or "describe" in message:
                return {"value": self._look_up(message)}
            return await self._call(*_read_call(message.get("call")))
        except CodegenError as error:
            return {"error": str(error)}

    def _look_up(self, message: JsonObject) -> Json:
        index = Workspace(self.root).index
        body = message.get("search") or message.get("describe")
        if not isinstance(body, dict):
            raise UnknownToolError("no query")
        if "describe" in message:
            return described(self.root, index, text_field(body, "name"))
        k = body.get("k")
        hits = find(Workspace(self.root), [text_field(body, "query")], k=k if isinstance(k, int) else 5)[0].hits
        return [list(hit) for hit in hits]

    async def _call(self, server: str, tool: str, arguments: JsonObject) -> JsonObject:
        """Make a call, recorded before it leaves and after its answer."""
        self.count += 1
        number = self.count
        self.journal.call_sent(self.run, number, server, tool, arguments)
        start = time.perf_counter()
        try:
            value = await self._make(server, tool, arguments)
        except CodegenError as error:
            self.journal.call_ended(self.run, number, "failed", str(error), time.perf_counter() - start)
            return {"error": str(error)}
        self.journal.call_ended(self.run, number, "answered", value, time.perf_counter() - start)
        return {"value": value}

    async def _make(self, server: str, tool: str, arguments: JsonObject) -> Json:
        known = self._known.get((server, tool))
        if known is None:
            known = self._known[server, tool] = self.definitions.find(server, tool)
        known.check(arguments, self.told)
        result = await self.sessions.call(server, tool, arguments)
        if result.is_error:
            raise ToolFailedError(error_text(result))
        value = value_of(result, known.rule, self._save_blob)
        if known.learns:
            self.seen.add(known.folder, tool, value)
        return value

    def _save_blob(self, content: bytes, ending: str) -> str:
        self._blobs += 1
        try:
            return write_in_data(
                Workspace(self.root).data, f"blobs/{self.run}-{self._blobs}-{token_hex(2)}{ending}", content
            )
        except OSError as error:
            raise ToolFailedError(f"its answer ({len(content):,} bytes) can't be kept in data/: {error}") from error


def _read_call(body: Json) -> tuple[str, str, JsonObject]:
    if isinstance(body, dict):
        server, tool, arguments = text_field(body, "server"), text_field(body, "tool"), body.get("arguments")
        if server and tool and isinstance(arguments, dict):
            return server, tool, arguments
    raise UnknownToolError(f"not a call: {json.dumps(body)[:200]}")
