"""`codegen remove`: a server out of mcp.json."""

from __future__ import annotations

from codegen.cli import output
from codegen.cli.options import parser, workspace
from codegen.config.mcp_json import remove_server


def main(words: list[str]) -> int:
    options = parser("remove", "Take a server out of mcp.json.", "codegen remove files")
    options.add_argument("name")
    arguments = options.parse_args(words)
    place = workspace(arguments.workspace)
    remove_server(place.mcp_json, arguments.name)
    output.line(f"removed {arguments.name} from {place.mcp_json.name}; next: codegen sync")
    return 0
