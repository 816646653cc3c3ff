"""The modern server over HTTP on loopback: `over_http.py streamable-http|sse PORT`. Asks for the header X-Key: sesame."""

from __future__ import annotations

import sys

import uvicorn
from modern import server
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Locked:
    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and Request(scope).headers.get("x-key") != "sesame":
            await PlainTextResponse("no key", 401)(scope, receive, send)
        else:
            await self.inner(scope, receive, send)


if __name__ == "__main__":
    app = server.streamable_http_app() if sys.argv[1] == "streamable-http" else server.sse_app()
    uvicorn.run(Locked(app), host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
