"""Sessions with MCP servers, over the protocol's own SDK (mcp 2.3; the protocols 2026-07-28 and before).

Importing this costs 0.6 s: callers import it when they need a server, not before.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import cache, partial
from typing import IO

import httpx2
from mcp import Client, MCPError
from mcp.client.session import ClientRequestContext, IncomingMessage
from mcp.client.subscriptions import SubscriptionLost
from mcp.shared.inbound import x_mcp_header_map
from mcp_types import (
    CONNECTION_CLOSED,
    HEADER_MISMATCH,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    CallToolRequest,
    CallToolRequestParams,
    CreateMessageRequestParams,
    ElicitRequestParams,
    ElicitResult,
    ErrorData,
    Implementation,
    InputRequiredResult,
    InputResponses,
    ListRootsResult,
    ListToolsRequest,
    PaginatedRequestParams,
    ToolListChangedNotification,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from codegen.catalogue.connect import Link, connect
from codegen.catalogue.http import UNCERTAIN
from codegen.catalogue.listing import list_pages
from codegen.catalogue.source import MISSING, CallResult, Session
from codegen.catalogue.start import Started
from codegen.config.mcp_json import ServerConfig, StdioServer
from codegen.errors import LostError, ServerError, ToolFailedError
from codegen.model import JsonObject, Problem, ServerInfo, Tool

_SETTLE_S = 0.15
"""How long after a listing a change of it is waited for: servers add tools right after they learnt what we can do."""
_SHOWN = 200
"""Characters of a command."""
_MOST_LISTINGS = 4
_MOST_ROUNDS = 8


@asynccontextmanager
async def open_session(
    config: ServerConfig,
    variables: Mapping[str, str],
    *,
    stderr: IO[str] | None = None,
    on_tools_changed: Callable[[], None] | None = None,
    time_limit: float = 60,
    started: Started | None = None,
) -> AsyncIterator[Session]:
    """Start or reach a server and shake hands, in `time_limit` seconds; leaving ends it, and every process of it.

    `started` is its process where it was started ahead: the time counts from then, and it is this session's from now.
    Enter and leave it in one task; calls may come from others. `stderr` gets what the server writes there.
    Raises UnsetVariableError, and ServerError with what the server said last.
    """
    _quiet_logs()
    changes = _Changes(on_tools_changed)
    since = started.since if started else asyncio.get_running_loop().time()
    raised: BaseException | None = None
    try:
        async with AsyncExitStack() as stack:
            try:
                opening = connect(config, variables, stderr, started)
                yield await _enter(stack, config, opening, changes, since, time_limit)
            except BaseException as error:
                raised = error
                raise
    except BaseExceptionGroup as group:
        # The SDK's task groups wrap whatever passes through them, and cancel the body when they fail themselves.
        if raised is None or _cancelled_by_group(raised):
            raise ServerError(f"the connection to server {config.name!r} broke: {_reason(group)}") from group
        raise raised from raised.__cause__


async def _enter(
    stack: AsyncExitStack,
    config: ServerConfig,
    opening: AbstractAsyncContextManager[Link],
    changes: _Changes,
    since: float,
    time_limit: float,
) -> McpSession:
    link: Link | None = None
    try:
        # Not anyio.fail_after: the scopes entered here live on after it.
        async with asyncio.timeout_at(since + time_limit):
            link = await stack.enter_async_context(opening)
            client = await stack.enter_async_context(_client(link, changes))
    except TimeoutError:
        raise await _failed(config, f"did not answer within {time_limit:g} s", link) from None
    except (MCPError, RuntimeError, ValidationError, httpx2.HTTPError, OSError, ExceptionGroup) as error:
        raise await _failed(config, f"could not be reached: {_reason(error)}", link) from error
    session = McpSession(config.name, client, link, changes)
    if changes.wanted and session.modern:
        task = asyncio.create_task(_listen(client))
        stack.callback(task.cancel)
    return session


def _client(link: Link, changes: _Changes) -> Client:
    @asynccontextmanager
    async def streams() -> AsyncIterator[tuple[object, object]]:
        yield link.reads, link.writes

    async def roots(context: ClientRequestContext) -> ListRootsResult:
        # None: server-filesystem puts a client's roots in the place of the folders that its user allowed it.
        return ListRootsResult(roots=[])

    # All three are declared, because servers offer some of their tools only to clients that can do these.
    return Client(
        streams(),  # type: ignore[arg-type]
        sampling_callback=_refuse_sampling,
        elicitation_callback=_decline_elicitation,
        list_roots_callback=roots,
        message_handler=changes.hear,
        client_info=Implementation(name="codegen", version="0.1.0"),
        cache=None,
    )


class McpSession:
    """A `Session` over one MCP client; made by `open_session`."""

    def __init__(self, name: str, client: Client, link: Link, changes: _Changes) -> None:
        server = client.server_info
        self.info = ServerInfo(
            name=name,
            title=(server.title or server.name) if server else "",
            version=server.version if server else "",
            instructions=client.instructions or "",
        )
        self._name = name
        self._session = client.session
        self._declared = client.server_capabilities.tools
        self._link = link
        self._changes = changes
        self.modern = client.protocol_version in MODERN_PROTOCOL_VERSIONS

    @property
    def alive(self) -> bool:
        return not self._link.lost()

    async def list_tools(self, *, settled: bool = True) -> tuple[tuple[Tool, ...], tuple[Problem, ...]]:
        """Every tool, listed again while the server says that the list changed. Raises ServerError."""
        declared = self._declared
        wait = settled and bool(declared and declared.list_changed)
        try:
            for _ in range(_MOST_LISTINGS):
                before = self._changes.count
                listed = await list_pages(self._name, self._page)
                if not await self._changes.came_after(before, wait=wait):
                    break
        except MCPError as error:
            if error.code == METHOD_NOT_FOUND and declared is None:
                return (), ()
            words = await self._link.last_words()
            raise ServerError(f"server {self._name!r} could not list its tools: {error.message}", hint=words) from error
        return listed

    async def call_tool(self, name: str, arguments: JsonObject) -> CallResult:
        """Call one tool: one `tools/call`, unless the server asks something back. Raises ToolFailedError."""
        _check_text(name, arguments)
        results, session = self._link.results, self._session
        raw = await self._call(name, partial(results.call, session, name, arguments))
        rounds = 0
        while raw.get("resultType") == "input_required" and rounds < _MOST_ROUNDS:
            rounds += 1
            responses, state = await self._answers(name, raw)
            params = CallToolRequestParams(
                name=name, arguments=arguments, input_responses=responses or None, request_state=state
            )
            raw = await self._call(name, partial(results.request, session, CallToolRequest(params=params)))
        if raw.get("resultType", "complete") != "complete":
            raise ToolFailedError(
                f"{self._name}.{name} answered with {raw['resultType']!r}, which can't be handled here"
            )
        return _call_result(raw, null_is_value=self.modern)

    async def _page(self, cursor: str | None) -> JsonObject:
        params = PaginatedRequestParams(cursor=cursor) if cursor is not None else None
        return await self._link.results.request(self._session, ListToolsRequest(params=params))

    async def _call(self, name: str, make: Callable[[], Awaitable[JsonObject]]) -> JsonObject:
        try:
            try:
                return await make()
            except MCPError as error:
                if error.code != HEADER_MISMATCH:
                    raise
            # The spec's remedy: arguments that must also be headers are known from the list only (2026-07-28).
            tools, _ = await list_pages(self._name, self._page)
            self._link.results.mirrored = {tool.name: x_mcp_header_map(tool.input_schema) for tool in tools}
            return await make()
        except MCPError as error:
            if not self.alive or _is_broken(error):
                words = await self._link.last_words()
                what = f"server {self._name!r} died during the call to {name}"
                raise LostError(f"{what}: {words}" if words else what) from error
            if error.code == UNCERTAIN:
                raise LostError(error.message) from error
            raise ToolFailedError(error.message or f"error {error.code}") from error

    async def _answers(self, name: str, raw: JsonObject) -> tuple[InputResponses, str | None]:
        """What we say to what the server asks back during a call (2026-07-28): no, to all but the roots."""
        try:
            asked = InputRequiredResult.model_validate(raw, by_name=False)
        except ValidationError as error:
            raise ToolFailedError(f"{self._name}.{name} asks for input in a way that can't be read") from error
        session = self._session
        responses: InputResponses = {}
        for key, request in (asked.input_requests or {}).items():
            answer = await session.dispatch_input_request(
                ClientRequestContext(session=session, request_id=key), request
            )
            if isinstance(answer, ErrorData):
                raise ToolFailedError(f"{self._name}.{name} asks for {request.method}: {answer.message}")
            responses[key] = answer
        if not responses:
            await asyncio.sleep(_SETTLE_S)  # the server only wants to be asked again
        return responses, asked.request_state


class _Changes:
    """Counts the server's word that its list of tools changed, and passes it on."""

    def __init__(self, wanted: Callable[[], None] | None) -> None:
        self.count = 0
        self.wanted = wanted
        self._came = asyncio.Event()

    async def hear(self, message: IncomingMessage) -> None:
        if isinstance(message, ToolListChangedNotification):
            self.count += 1
            self._came.set()
            if self.wanted is not None:
                self.wanted()

    async def came_after(self, before: int, *, wait: bool) -> bool:
        """Whether there was a change since the count stood at `before`; `wait` gives it a moment to come."""
        if self.count == before and wait:
            self._came.clear()
            try:
                async with asyncio.timeout(_SETTLE_S):
                    await self._came.wait()
            except TimeoutError:
                return False
        return self.count != before


async def _listen(client: Client) -> None:
    """Ask for word of changes, which 2026-07-28 gives only to who asks; it comes in through the message handler."""
    try:
        async with client.listen(tools_list_changed=True) as events:
            async for _ in events:
                pass
    except (MCPError, SubscriptionLost):
        return  # a server need not offer it


async def _refuse_sampling(context: ClientRequestContext, params: CreateMessageRequestParams) -> ErrorData:
    return ErrorData(code=INVALID_REQUEST, message="sampling is not offered: there is no model behind this client")


async def _decline_elicitation(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
    return ElicitResult(action="decline")


def _check_text(name: str, arguments: JsonObject) -> None:
    """Refuse half a surrogate pair: it has no UTF-8, and servers that can't read a message never answer it."""
    try:
        json.dumps([name, arguments], ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ToolFailedError(
            f"the arguments of {name} hold half a surrogate pair ({error.object[error.start]!a}), which can't be sent",
            hint="text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace') mends it",
        ) from error


def _call_result(raw: JsonObject, *, null_is_value: bool) -> CallResult:
    blocks = raw.get("content")
    structured = raw.get("structuredContent", MISSING)
    if structured is None and not null_is_value:
        structured = MISSING  # before 2026-07-28 it is an object or absent; some servers write null for absent
    return CallResult(
        content=tuple(block for block in blocks if isinstance(block, dict)) if isinstance(blocks, list) else (),
        structured=structured,
        is_error=raw.get("isError") is True,
    )


async def _failed(config: ServerConfig, what: str, link: Link | None) -> ServerError:
    words = await link.last_words() if link is not None else ""
    if isinstance(config, StdioServer):
        command = " ".join(" ".join([config.command, *config.args]).split())
        hint = f"started as: {command if len(command) <= _SHOWN else f'{command[: _SHOWN - 1]}…'}"
    else:
        hint = f"its address: {config.url}"
    text = f"server {config.name!r} {what}"
    return ServerError(f"{text}: {words}" if words and words not in text else text, hint=hint)


def _reason(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return _reason(error.exceptions[0])
    if isinstance(error, ValidationError):
        return "its answer to the handshake does not fit the protocol"
    if isinstance(error, httpx2.HTTPStatusError):
        return f"HTTP {error.response.status_code}"  # its text holds the address, and that may hold a key
    return str(error) or type(error).__name__


def _is_broken(error: MCPError) -> bool:
    """The SDK's word for a connection that ended: servers use the code for errors of their own."""
    return error.code == CONNECTION_CLOSED and error.message == "Connection closed"


def _cancelled_by_group(error: BaseException) -> bool:
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and not task.cancelling()


@cache
def _quiet_logs() -> None:
    """Keep the SDK's log lines out of the terminal where nobody set up logging; those who did still get them."""
    for name in ("mcp", "client", "httpx2"):
        logging.getLogger(name).addHandler(logging.NullHandler())
