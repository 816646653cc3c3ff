"""The connections to servers: opened on first use, kept warm, opened again after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from codegen.catalogue.mcp import open_session
from codegen.catalogue.source import CallResult, Session
from codegen.config.mcp_json import ServerConfig
from codegen.errors import ServerError, UnreachableError, nearest
from codegen.model import JsonObject, Tool
from codegen.runtime.pins import Pins

START_LIMIT = 60.0
"""Seconds a server may take to start on its first call."""


@dataclass(slots=True)
class _Open:
    """One connection and the task that holds it: mcp wants it left by the task that entered it."""

    session: Session
    keeper: asyncio.Task[None]
    leave: asyncio.Event
    pins: Pins


@dataclass(slots=True)
class _Server:
    config: ServerConfig
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    open: _Open | None = None


class Sessions:
    """All connections of one broker. `variables` is what `${VAR}` is resolved from; `log` gets what servers print."""

    def __init__(self, configs: tuple[ServerConfig, ...], variables: Mapping[str, str], log: Path) -> None:
        self._servers = {config.name: _Server(config) for config in configs}
        self._variables = variables
        self._log = log

    async def call(self, server: str, tool: str, arguments: JsonObject, pinned: Tool | None = None) -> CallResult:
        """Call a tool, opening its server when need be: exactly one message to a server that is open.

        Raises what `open` raises, ToolFailedError when the server refuses the call, LostError when it dies meanwhile.
        """
        session, known = await self.open(server, pinned), self._servers[server]
        try:
            return await session.call_tool(tool, arguments)
        finally:
            if not session.alive and known.open is not None and known.open.session is session:
                await self._close(known)

    async def open(self, server: str, pinned: Tool | None = None) -> Session:
        """The session with a server, made when there is none: before a call is recorded as sent, for this takes long.

        `pinned` is a tool as it was synced, which must still be the same: the first time in a session, the server has
        to list its tools. Raises UnreachableError when the server is unknown or can't be opened, ChangedError when the
        tool is another one now.
        """
        known = self._servers.get(server)
        if known is None:
            raise UnreachableError(
                f"mcp.json lists no server {server!r}",
                hint=nearest(server, self._servers) or "codegen add, then codegen sync",
            )
        try:
            opened = await self._opened(known)
        except ServerError as error:
            raise UnreachableError(str(error)) from error
        if pinned is not None:
            await opened.pins.hold(opened.session, pinned)
        return opened.session

    @property
    def opened(self) -> tuple[str, ...]:
        """The servers that are connected now."""
        return tuple(name for name, server in self._servers.items() if server.open and server.open.session.alive)

    async def close(self) -> None:
        """Leave every connection; their processes are gone when this returns."""
        await asyncio.gather(*(self._close(server) for server in self._servers.values()))

    async def _opened(self, server: _Server) -> _Open:
        if server.open is not None and server.open.session.alive:
            return server.open
        async with server.opening:
            if server.open is not None and not server.open.session.alive:
                await self._close(server)
            if server.open is None:
                server.open = await self._enter(server.config)
            return server.open

    async def _enter(self, config: ServerConfig) -> _Open:
        entered: asyncio.Future[Session] = asyncio.get_running_loop().create_future()
        leave, pins = asyncio.Event(), Pins()
        keeping = self._keep(config, entered, leave, pins)
        keeper = asyncio.create_task(keeping, name=f"server {config.name}")
        try:
            session = await asyncio.wait_for(asyncio.shield(entered), START_LIMIT)
        except TimeoutError:
            keeper.cancel()
            await asyncio.wait([keeper])
            raise ServerError(f"server {config.name!r} did not start within {START_LIMIT:.0f} s") from None
        except asyncio.CancelledError:
            keeper.cancel()
            raise
        return _Open(session, keeper, leave, pins)

    async def _keep(
        self, config: ServerConfig, entered: asyncio.Future[Session], leave: asyncio.Event, pins: Pins
    ) -> None:
        try:
            with self._log.open("a", encoding="utf-8") as log:
                opening = open_session(config, self._variables, stderr=log, on_tools_changed=pins.forget)
                async with opening as session:
                    entered.set_result(session)
                    await leave.wait()
        except BaseException as error:
            # The one who waits for `entered` gets every failure of the start; a later one only ends the connection.
            if entered.done():
                if isinstance(error, asyncio.CancelledError):
                    raise
            else:
                entered.set_exception(_as_server_error(config, error))

    async def _close(self, server: _Server) -> None:
        opened, server.open = server.open, None
        if opened is not None:
            opened.leave.set()
            await asyncio.wait([opened.keeper], timeout=10)


def _as_server_error(config: ServerConfig, error: BaseException) -> BaseException:
    if isinstance(error, ServerError | asyncio.CancelledError):
        return error
    return ServerError(f"server {config.name!r} could not be opened: {error}")
