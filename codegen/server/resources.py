"""The generated tree as resources: the servers, one server's tools, one tool's module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError

from codegen.agents.told import for_models
from codegen.config.paths import Workspace
from codegen.naming import is_given_name


def add_resources(server: MCPServer[Any], place: Workspace) -> None:
    @server.resource("codegen://servers", mime_type="text/markdown", description="The servers, one a line")
    def servers() -> str:
        return _text(place.servers / "README.md", "codegen sync writes it")

    @server.resource("codegen://servers/{name}", mime_type="text/markdown", description="A server's tools, one a line")
    def one_server(name: str) -> str:
        return _text(place.servers / _part(name) / "README.md")

    @server.resource("codegen://servers/{name}/{tool}", mime_type="text/x-python", description="A tool's typed module")
    def one_tool(name: str, tool: str) -> str:
        return _text(place.servers / _part(name) / f"{_part(tool)}.py")


def _part(name: str) -> str:
    """A name as the tree has it, and nothing that leads out of it."""
    if not is_given_name(name):
        raise ResourceError(f"there is no {name!r} in servers/")
    return name


def _text(file: Path, hint: str = "codegen://servers lists what is there") -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        raise ResourceError(for_models(f"there is no {file.parent.name}/{file.name}: {hint}")) from None
