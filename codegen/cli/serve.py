"""`codegen serve`: the workspace as an MCP server."""

from __future__ import annotations

import os
import secrets
import socket

from codegen.cli import output
from codegen.cli.options import parser, workspace
from codegen.errors import UsageError


def main(words: list[str]) -> int:
    options = parser(
        "serve",
        "Offer search, describe, run and save_skill to any MCP client, over stdio or HTTP.",
        "codegen serve      (stdio: claude mcp add codegen -- codegen serve --workspace DIR)",
        "codegen serve --http --port 8765      (the token: $CODEGEN_SERVE_TOKEN, else a new one is printed)",
    )
    options.add_argument("--http", action="store_true", help="streamable HTTP on 127.0.0.1, behind a token")
    options.add_argument("--port", type=int, default=8765, metavar="N", help="with --http (default 8765; 0: any)")
    arguments = options.parse_args(words)
    place = workspace(arguments.workspace)
    import asyncio

    from codegen.server.serve import serve_http, serve_stdio

    if not arguments.http:
        asyncio.run(serve_stdio(place))
        return 0
    listening = _listen(arguments.port)
    token = os.environ.get("CODEGEN_SERVE_TOKEN") or secrets.token_urlsafe(24)
    output.remark(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp\nAuthorization: Bearer {token}")
    asyncio.run(serve_http(place, listening, token))
    return 0


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        said = getattr(error, "strerror", None) or "expected a number from 0 to 65535"
        raise UsageError(f"--port {port}: {said}", hint="--port 0 takes any that is free") from None
