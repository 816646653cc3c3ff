"""From a configuration to a pair of streams: a process started, or a connection opened, with its secrets resolved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import anyio
import httpx2
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage

from codegen.catalogue.direct import DirectCalls
from codegen.catalogue.http import AnsweringTransport
from codegen.catalogue.process import run_server
from codegen.catalogue.raw import RawReads, RawResults, RawWrites
from codegen.catalogue.start import Started, command_of, hide, values_of
from codegen.config.mcp_json import HttpServer, ServerConfig, StdioServer
from codegen.config.secrets import resolve
from codegen.errors import ServerError

if TYPE_CHECKING:  # the SDK has no public name for it
    from mcp.client._transport import TransportStreams

_TIMES = httpx2.Timeout(30, read=None)  # how long an answer may take is for the caller to say
_LARGEST_EVENT = 1 << 28


@dataclass(frozen=True, slots=True)
class Link:
    """An open connection beneath the protocol. `last_words` says what is known about its end, for an error's text."""

    results: RawResults
    reads: RawReads
    writes: RawWrites
    lost: Callable[[], bool]
    last_words: Callable[[], Awaitable[str]]


@asynccontextmanager
async def connect(
    config: ServerConfig,
    variables: Mapping[str, str],
    stderr: IO[str] | None = None,
    started: Started | None = None,
) -> AsyncIterator[Link]:
    """Open the connection a configuration describes; `started` is its process if it runs already.

    Raises UnsetVariableError, ServerError.
    """
    if isinstance(config, StdioServer):
        opened = _process(config, variables, stderr, started)
    else:
        opened = _http(config, variables)
    async with opened as link:
        yield link


@asynccontextmanager
async def _process(
    config: StdioServer,
    variables: Mapping[str, str],
    stderr: IO[str] | None,
    started: Started | None,
) -> AsyncIterator[Link]:
    command = command_of(config, variables)
    hidden = values_of(config, variables)
    try:
        running = run_server(command, stderr, started)
        server = await running.__aenter__()
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) else str(error)
        raise ServerError(f"server {config.name!r} can't be started: {config.command}: {what}") from error

    direct = DirectCalls(server.writes)
    server.reads.takes = direct.take
    results = RawResults(direct)

    async def last_words() -> str:
        return await server.last_words(hidden)

    try:
        yield Link(
            results=results,
            reads=RawReads(server.reads, results),
            writes=RawWrites(server.writes, results),
            lost=lambda: results.closed,
            last_words=last_words,
        )
    finally:
        await running.__aexit__(None, None, None)


@asynccontextmanager
async def _http(config: HttpServer, variables: Mapping[str, str]) -> AsyncIterator[Link]:
    results = RawResults()
    url = resolve(config.url, variables, server=config.name).reveal()
    headers = {key: resolve(text, variables, server=config.name).reveal() for key, text in config.headers.items()}
    hidden = values_of(config, variables)
    async with AsyncExitStack() as stack:
        opened = _streamable if config.transport == "http" else _sse
        (reads, writes), wire = await opened(stack, config, url, headers)

        async def last_words() -> str:
            return hide(wire.trouble, hidden)

        yield Link(
            results=results,
            reads=RawReads(reads, results),
            writes=RawWrites(writes, results),
            lost=lambda: results.closed or wire.lost,
            last_words=last_words,
        )


async def _streamable(
    stack: AsyncExitStack, _config: HttpServer, url: str, headers: dict[str, str]
) -> tuple[TransportStreams, AnsweringTransport]:
    wire = AnsweringTransport(httpx2.AsyncHTTPTransport())
    client = await stack.enter_async_context(httpx2.AsyncClient(headers=headers, timeout=_TIMES, transport=wire))
    transport = streamable_http_client(url, http_client=client, max_sse_event_size=_LARGEST_EVENT)
    return await stack.enter_async_context(transport), wire


async def _sse(
    stack: AsyncExitStack, config: HttpServer, url: str, headers: dict[str, str]
) -> tuple[TransportStreams, AnsweringTransport]:
    into, reads = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    wire = AnsweringTransport(httpx2.AsyncHTTPTransport(), into.send)

    def client(
        headers: dict[str, str] | None = None, timeout: httpx2.Timeout | None = None, auth: httpx2.Auth | None = None
    ) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(headers=headers, timeout=_TIMES, auth=auth, transport=wire)

    try:
        transport = sse_client(url, headers=headers, httpx_client_factory=client)
        theirs, writes = await stack.enter_async_context(transport)
    except (httpx2.HTTPError, ExceptionGroup) as error:
        what = f"server {config.name!r} could not be reached: {wire.trouble or 'there is no event stream'}"
        raise ServerError(what, hint=f"its address: {config.url}") from error

    async def pass_on() -> None:
        async with into:
            async for item in theirs:
                await into.send(item)

    stack.callback(asyncio.create_task(pass_on()).cancel)
    return (reads, writes), wire
