"""A tiny MCP server base on the standard library alone: newline-delimited JSON-RPC over stdin and stdout.

It speaks the handshake era (initialize) only: `server/discover` is an unknown method, so clients fall back. Nothing
is validated and nothing is rewritten, so a server on it may say whatever JSON can say.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Wire = dict[str, Any]
CallTool = Callable[[str, Wire], Wire]

METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603


class RpcError(Exception):
    """Answered as a JSON-RPC error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Server:
    """Answers initialize, ping, tools/list in pages and tools/call; each call runs in a thread of its own.

    `received` is told every method name as it comes in. `pages` may be given as a list of lists of tools.
    """

    def __init__(
        self,
        name: str,
        pages: Sequence[Sequence[Wire]],
        call_tool: CallTool,
        *,
        instructions: str = "",
        received: Callable[[str], None] = lambda method: None,
    ) -> None:
        self.name = name
        self.pages = pages
        self.call_tool = call_tool
        self.instructions = instructions
        self.received = received
        self._writing = threading.Lock()

    def run(self) -> None:
        """Serve until stdin ends."""
        for line in sys.stdin.buffer:
            message = json.loads(line)
            method = message.get("method")
            if method is None:
                continue
            self.received(method)
            if "id" not in message:
                continue
            if method == "tools/call":
                threading.Thread(target=self._reply, args=(message,), daemon=True).start()
            else:
                self._reply(message)

    def notify(self, method: str) -> None:
        """Send a notification without parameters."""
        self.send({"jsonrpc": "2.0", "method": method})

    def send(self, message: Wire) -> None:
        """Write one message."""
        line = json.dumps(message, ensure_ascii=False) + "\n"
        with self._writing:
            sys.stdout.buffer.write(line.encode())
            sys.stdout.buffer.flush()

    def answer(self, method: str, params: Wire) -> Wire:
        """The result of one request."""
        match method:
            case "initialize":
                return self._initialize(params)
            case "ping":
                return {}
            case "tools/list":
                return self._page(params.get("cursor"))
            case "tools/call":
                return self.call_tool(params["name"], params.get("arguments") or {})
            case _:
                raise RpcError(METHOD_NOT_FOUND, f"Method not found: {method}")

    def _reply(self, message: Wire) -> None:
        head: Wire = {"jsonrpc": "2.0", "id": message["id"]}
        try:
            self.send({**head, "result": self.answer(message["method"], message.get("params") or {})})
        except RpcError as error:
            self.send({**head, "error": {"code": error.code, "message": str(error)}})
        except Exception as error:  # a tool that breaks must be answered: a client without a time limit waits for ever
            self.send({**head, "error": {"code": INTERNAL_ERROR, "message": repr(error)}})

    def _initialize(self, params: Wire) -> Wire:
        result = {
            "protocolVersion": params.get("protocolVersion", "2025-11-25"),
            "capabilities": {"tools": {"listChanged": True}},
            "serverInfo": {"name": self.name, "version": "1.0"},
        }
        return {**result, "instructions": self.instructions} if self.instructions else result

    def _page(self, cursor: str | None) -> Wire:
        number = int(cursor.removeprefix("page-")) if cursor else 0
        if number >= len(self.pages) > 0:
            raise RpcError(INVALID_PARAMS, f"unknown cursor {cursor}")
        result: Wire = {"tools": list(self.pages[number]) if self.pages else []}
        return {**result, "nextCursor": f"page-{number + 1}"} if number + 1 < len(self.pages) else result


def text(value: str) -> Wire:
    """A text block."""
    return {"type": "text", "text": value}


def image(data: bytes, mime_type: str = "image/png") -> Wire:
    """An image block."""
    return {"type": "image", "data": base64.b64encode(data).decode(), "mimeType": mime_type}


def result(*content: Wire, structured: object = ..., is_error: bool = False) -> Wire:
    """The result of a call; structured content only when given."""
    answer: Wire = {"content": list(content)}
    if structured is not ...:
        answer["structuredContent"] = structured
    if is_error:
        answer["isError"] = True
    return answer


def echo(name: str, arguments: Mapping[str, Any]) -> Wire:
    """What a tool was called with, as JSON text."""
    return result(text(json.dumps({"tool": name, "arguments": arguments}, ensure_ascii=False)))
