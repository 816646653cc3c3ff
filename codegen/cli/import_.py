"""`codegen import`: the servers of another client's configuration, into mcp.json."""

from __future__ import annotations

from pathlib import Path

from codegen.cli import output
from codegen.cli.options import parser, workspace
from codegen.config.clients import read_servers
from codegen.config.mcp_json import add_server, load_servers
from codegen.errors import UsageError


def main(words: list[str]) -> int:
    options = parser(
        "import",
        "Add the servers in a file of Claude Code, Claude Desktop, Cursor, VS Code or Codex, which is left as it is.",
        "codegen import ~/.claude.json",
        "codegen import ~/.codex/config.toml --replace",
    )
    options.add_argument("path", type=Path)
    options.add_argument("--replace", action="store_true", help="replace servers that mcp.json has already")
    arguments = options.parse_args(words)
    place = workspace(arguments.workspace)
    servers, problems = read_servers(arguments.path.expanduser())
    known = {each.name for each in load_servers(place.mcp_json)[0]} if place.mcp_json.exists() else set()
    for problem in problems:
        output.remark(f"! {problem}")
    if not servers:
        raise UsageError(f"{arguments.path} lists no server that can be used")
    for server in servers:
        if server.name in known and not arguments.replace:
            output.remark(f"! {server.name}: mcp.json has it already (--replace)")
            continue
        for problem in add_server(place.mcp_json, server, replace=True):
            output.remark(f"! {problem}")
        output.line(f"added {server.name}")
    output.line("next: codegen sync")
    return 0
