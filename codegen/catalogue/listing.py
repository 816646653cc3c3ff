"""All pages of tools/list, and of each entry what can be used: one bad tool costs that tool."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from codegen.model import Json, JsonObject, Problem, Tool

MOST_PAGES = 500
"""A server with more is taken to be one that never ends."""


async def list_pages(
    server: str, fetch: Callable[[str | None], Awaitable[JsonObject]]
) -> tuple[tuple[Tool, ...], tuple[Problem, ...]]:
    """Walk the pages that `fetch(cursor)` gives, until there is no next cursor or the walk goes in circles."""
    tools: dict[str, Tool] = {}
    problems: list[Problem] = []
    seen: set[str] = set()
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await fetch(cursor)
        _read_page(server, page, tools, problems)
        following = page.get("nextCursor")
        if not isinstance(following, str):
            break
        if following in seen:
            problems.append(Problem(server, f"tools/list gives the cursor {following[:40]!r} again", "listing stopped"))
            break
        seen.add(following)
        cursor = following
    else:
        problems.append(Problem(server, f"tools/list has more than {MOST_PAGES} pages", "the others were left out"))
    return tuple(tools.values()), tuple(problems)


def read_tools(server: str, entries: list[Json]) -> tuple[tuple[Tool, ...], tuple[Problem, ...]]:
    """The usable ones of a list of wire objects (what a snapshot holds), and a Problem for each of the others."""
    tools: dict[str, Tool] = {}
    problems: list[Problem] = []
    _read_page(server, {"tools": entries}, tools, problems)
    return tuple(tools.values()), tuple(problems)


def _read_page(server: str, page: JsonObject, tools: dict[str, Tool], problems: list[Problem]) -> None:
    entries = page.get("tools")
    if not isinstance(entries, list):
        problems.append(Problem(server, "a page of tools/list holds no list of tools", "it was taken as empty"))
        return
    for entry in entries:
        fault = _fault(entry, tools)
        if fault or not isinstance(entry, dict):
            problems.append(Problem(server, f"tool {_label(entry, len(tools))}: {fault}", "this tool was left out"))
        else:
            name = str(entry["name"])
            tools[name] = Tool(server=server, name=name, wire=entry)


def _fault(entry: Json, tools: dict[str, Tool]) -> str:
    if not isinstance(entry, dict):
        return "its definition is no object"
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        return "its name is no text" if name else "it has no name"
    if name in tools:
        return "another tool has this name"
    schema = entry.get("inputSchema")
    if schema is not None and not isinstance(schema, dict):
        return "its inputSchema is no object"
    return ""


def _label(entry: Json, position: int) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return repr(name[:80]) if isinstance(name, str) and name else f"number {position + 1}"
