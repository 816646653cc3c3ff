"""Pages and entries of tools/list, without a server."""

from __future__ import annotations

import asyncio

from codegen.catalogue.listing import MOST_PAGES, list_pages, read_tools
from codegen.model import JsonObject


def test_an_entry_that_is_no_tool_is_named_by_what_is_known_of_it() -> None:
    tools, problems = read_tools("s", [{"name": "a"}, 5, {"name": "b", "inputSchema": []}, {"name": "a"}])
    assert [tool.name for tool in tools] == ["a"]
    assert [problem.what for problem in problems] == [
        "tool number 2: its definition is no object",
        "tool 'b': its inputSchema is no object",
        "tool 'a': another tool has this name",
    ]


def test_a_page_without_a_list_of_tools_is_a_problem_and_its_cursor_counts() -> None:
    pages: dict[str | None, JsonObject] = {None: {"nextCursor": "2"}, "2": {"tools": [{"name": "a"}]}}

    async def fetch(cursor: str | None) -> JsonObject:
        return pages[cursor]

    tools, problems = asyncio.run(list_pages("s", fetch))
    assert [tool.name for tool in tools] == ["a"]
    assert len(problems) == 1


def test_pages_without_end_are_cut_off() -> None:
    asked: list[str | None] = []

    async def fetch(cursor: str | None) -> JsonObject:
        asked.append(cursor)
        return {"tools": [], "nextCursor": str(len(asked))}

    _, problems = asyncio.run(list_pages("s", fetch))
    assert len(asked) == MOST_PAGES
    assert "more than" in problems[-1].what


def test_an_empty_cursor_is_a_cursor() -> None:
    pages: dict[str | None, JsonObject] = {None: {"tools": [], "nextCursor": ""}, "": {"tools": [{"name": "a"}]}}

    async def fetch(cursor: str | None) -> JsonObject:
        return pages[cursor]

    assert len(asyncio.run(list_pages("s", fetch))[0]) == 1
