"""`codegen add`: a server into mcp.json."""

from __future__ import annotations

import shlex
from argparse import Namespace
from pathlib import Path

from codegen.cli import output
from codegen.cli.options import parser, workspace
from codegen.config.mcp_json import HttpServer, ServerConfig, StdioServer, add_server
from codegen.config.paths import Workspace
from codegen.errors import UsageError


def main(words: list[str]) -> int:
    cut = words.index("--") if "--" in words else len(words)
    options = parser(
        "add",
        "Add a server to mcp.json. Secrets are written as ${VAR}: the broker reads them from its environment.",
        "codegen add files -- npx -y @modelcontextprotocol/server-filesystem data",
        "codegen add github --env 'GITHUB_TOKEN=${GITHUB_TOKEN}' -- github-mcp-server stdio",
        "codegen add issues --url https://mcp.example.com/mcp --header 'Authorization=Bearer ${ISSUES_TOKEN}'",
    )
    options.add_argument("name")
    options.add_argument("--url", help="a server over HTTP instead of a command")
    options.add_argument("--type", choices=["http", "sse"], default="http", help="with --url (default http)")
    options.add_argument("--header", action="append", default=[], metavar="NAME=VALUE", help="with --url")
    options.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="with a command")
    options.add_argument("--cwd", metavar="DIR", help="with a command: where it starts (default: the workspace)")
    options.add_argument("--replace", action="store_true", help="replace a server of that name")
    arguments = options.parse_args(words[:cut])
    place = workspace(arguments.workspace)
    config = _config(arguments, words[cut + 1 :], place)
    for problem in add_server(place.mcp_json, config, replace=arguments.replace):
        output.remark(f"! {problem}")
    output.line(f"added {config.name} to {place.mcp_json.name}; next: codegen sync --server {shlex.quote(config.name)}")
    return 0


def _config(arguments: Namespace, command: list[str], place: Workspace) -> ServerConfig:
    if bool(arguments.url) == bool(command):
        raise UsageError("give a command after --, or --url", hint="codegen add NAME -- command args…")
    other = "--env and --cwd go" if arguments.url else "--header goes"
    if (arguments.env or arguments.cwd) if arguments.url else arguments.header:
        raise UsageError(f"{other} with {'a command' if arguments.url else '--url'}", hint="codegen add --help")
    if arguments.url:
        if not arguments.url.startswith(("http://", "https://", "${")):
            raise UsageError(f"--url {arguments.url}: expected http:// or https://")
        return HttpServer(arguments.name, arguments.url, _pairs(arguments.header, "--header"), arguments.type)
    cwd = Path(place.root, arguments.cwd) if arguments.cwd else place.root
    return StdioServer(arguments.name, command[0], tuple(command[1:]), _pairs(arguments.env, "--env"), cwd)


def _pairs(given: list[str], option: str) -> dict[str, str]:
    pairs = {}
    for text in given:
        name, mark, value = text.partition("=")
        if not name or not mark:
            raise UsageError(f"{option} {text!r}: expected NAME=VALUE")
        pairs[name] = value
    return pairs
