"""Results as the server sent them, past an SDK that checks each against its own models and keeps what it knows.

`ClientSession.send_request` validates every result against the negotiated version before a caller sees it: one
unusual schema refuses a page of tools, unknown keys are dropped. Here the results of two methods are taken out of the
stream beneath the session, and the session is given an empty, valid one that carries the number of the real one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from mcp.client.session import ClientSession
from mcp.shared.inbound import mcp_param_headers
from mcp.shared.message import ClientMessageMetadata, SessionMessage
from mcp_types import (
    CallToolRequest,
    CallToolRequestParams,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    ListToolsRequest,
)
from pydantic import BaseModel, ConfigDict, Field

from codegen.catalogue.direct import DirectCalls
from codegen.model import JsonObject

if TYPE_CHECKING:  # the SDK has no public name for these
    from mcp.shared._stream_protocols import ReadStream, WriteStream

_TICKET = "codegen.tools/result"
_COMMON: dict[str, Any] = {"resultType": "complete"}
_EMPTY: dict[str, dict[str, Any]] = {
    "tools/list": {**_COMMON, "tools": [], "ttlMs": 0, "cacheScope": "private"},
    "tools/call": {**_COMMON, "content": []},
}


class _Ticket(BaseModel):
    model_config = ConfigDict(extra="ignore")
    meta: dict[str, Any] = Field(alias="_meta")


class RawResults:
    """The results that were taken out of one connection, until `request` picks them up.

    `mirrored` says by tool which arguments are also sent as HTTP headers, for servers that insist on it
    (`x-mcp-header`). `direct` is a shorter way for calls, where the connection has one.
    """

    def __init__(self, direct: DirectCalls | None = None) -> None:
        self._closed = False
        self._direct = direct
        self.mirrored: Mapping[str, Mapping[tuple[str, ...], str]] = {}
        self._asked: dict[str, str] = {}
        self._results: dict[str, JsonObject] = {}

    async def call(self, session: ClientSession, name: str, arguments: JsonObject) -> JsonObject:
        """Make a call that answers nothing the server asked, the shorter way where there is one; else as `request`."""
        if self._direct is not None and self._direct.ready:
            return await self._direct.request(name, arguments)
        params = CallToolRequestParams(name=name, arguments=arguments)
        return await self.request(session, CallToolRequest(params=params))

    async def request(self, session: ClientSession, request: ListToolsRequest | CallToolRequest) -> JsonObject:
        """Send one request and return its result object untouched. Raises what `send_request` raises."""
        ticket = await session.send_request(request, _Ticket)
        return self._results.pop(ticket.meta[_TICKET])

    @property
    def closed(self) -> bool:
        """Whether the server's side of the connection has ended."""
        return self._closed

    def close(self) -> None:
        self._closed = True
        if self._direct is not None:
            self._direct.close()

    def sent(self, item: SessionMessage) -> None:
        """Remember a request whose result is wanted raw; forget it when it is cancelled."""
        message = item.message
        if isinstance(message, JSONRPCRequest) and message.method in _EMPTY:
            self._asked[str(message.id)] = message.method
            self._mirror(message.params or {}, item.metadata)
            if self._direct is not None:
                self._direct.learn(message.params or {})
        elif isinstance(message, JSONRPCNotification) and message.method == "notifications/cancelled":
            key = str((message.params or {}).get("requestId"))
            self._asked.pop(key, None)
            self._results.pop(key, None)

    def _mirror(self, params: Mapping[str, Any], metadata: object) -> None:
        paths = self.mirrored.get(params.get("name", ""))
        if paths and isinstance(metadata, ClientMessageMetadata) and metadata.headers is not None:
            metadata.headers.update(mcp_param_headers(paths, params.get("arguments") or {}))

    def received(self, item: SessionMessage | Exception) -> SessionMessage | Exception | None:
        """The item as the session may see it, if it may."""
        if isinstance(item, Exception):
            return item
        message = item.message
        if not isinstance(message, JSONRPCResponse | JSONRPCError):
            return item
        direct = self._direct if isinstance(message, JSONRPCError) else None  # for an answer that can't be read
        if direct is not None and direct.take(message.model_dump(by_alias=True)):
            return None
        key = str(message.id)
        method = self._asked.pop(key, None)
        if method is None or isinstance(message, JSONRPCError):
            return item
        self._results[key] = message.result
        empty = JSONRPCResponse(jsonrpc="2.0", id=message.id, result={**_EMPTY[method], "_meta": {_TICKET: key}})
        return SessionMessage(empty, item.metadata)


class RawReads:
    """A transport's read stream, with the raw results taken out."""

    def __init__(self, inner: ReadStream[SessionMessage | Exception], results: RawResults) -> None:
        self._inner = inner
        self._results = results

    @property
    def last_context(self) -> Any:
        """The sender's context, which the SDK looks for on streams that carry one."""
        return getattr(self._inner, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        while (item := self._results.received(await self._inner.receive())) is None:
            pass
        return item

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            while (item := self._results.received(await self._inner.__anext__())) is None:
                pass
        except StopAsyncIteration:
            self._results.close()
            raise
        return item

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        self._results.close()
        await self._inner.__aexit__(kind, error, trace)
        return False


class RawWrites:
    """A transport's write stream, with the requests noted whose results are wanted raw."""

    def __init__(self, inner: WriteStream[SessionMessage], results: RawResults) -> None:
        self._inner = inner
        self._results = results

    async def send(self, item: SessionMessage, /) -> None:
        self._results.sent(item)
        await self._inner.send(item)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        await self._inner.__aexit__(kind, error, trace)
        return False
