"""The demo script, over the shop's own tools: what it calls and what it answers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from mcp import Client
from mcp.server.mcpserver.exceptions import ToolError as ShopToolError

from codegen.demo.data import open_database
from codegen.demo.server import make_server
from codegen.demo.shop import Shop
from codegen.demo.store import Store
from codegen.generate.package import generate_package, generate_root
from codegen.model import Catalogue, ServerInfo, Tool

SCRIPT = files("codegen.demo").joinpath("overdue_report.py.txt").read_text(encoding="utf-8")


class ToolError(Exception):
    pass


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A `servers` package that leads to the shop in this process, and the names of the tools called through it."""
    called: list[str] = []
    database = open_database(":memory:")
    shop = Shop(Store(database))

    def tool(name: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            called.append(name)
            try:
                return asyncio.run(getattr(shop, name)(**arguments))
            except ShopToolError as error:
                raise ToolError(str(error)) from error

        return call

    root: Any = ModuleType("servers")
    root.ToolError = ToolError
    root.gather = lambda *thunks: [thunk() for thunk in thunks]
    module: Any = ModuleType("servers.shop")
    for name in dir(Shop):
        if not name.startswith("_"):
            setattr(module, name, tool(name))
    monkeypatch.setitem(sys.modules, "servers", root)
    monkeypatch.setitem(sys.modules, "servers.shop", module)
    yield called
    database.close()


def report() -> dict[str, object]:
    names: dict[str, Any] = {}
    exec(compile(SCRIPT, "overdue_report.py", "exec"), names)
    answer = names["main"]()
    assert isinstance(answer, dict)
    return answer


def test_the_report_makes_more_than_forty_calls_and_survives_the_failing_tool(calls: list[str]) -> None:
    answer = report()
    assert len(calls) == 61
    assert calls.count("check_courier") == 7
    assert answer["courier"] == {"no answer": 1, "on the road": 6}


def test_the_answer_is_small_and_always_the_same(calls: list[str]) -> None:
    assert report() == {
        "today": "2026-11-02",
        "orders_checked": 120,
        "late": 16,
        "late_value_eur": 5641.34,
        "most_late": "Elif Kaya (3)",
        "courier": {"no answer": 1, "on the road": 6},
        "ready_to_pack": 3,
        "waiting_for_stock": 6,
        "order_more": "GA-103, KI-103, LI-103, OF-103, OF-104",
    }


async def shop_catalogue() -> Catalogue:
    async with Client(make_server(open_database(":memory:"))) as client:
        tools: list[Tool] = []
        cursor = None
        while True:
            page = await client.list_tools(cursor=cursor)
            wires = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in page.tools]
            tools += [Tool("shop", wire["name"], wire) for wire in wires]
            if (cursor := page.next_cursor) is None:
                return Catalogue(ServerInfo("shop"), tuple(tools))


def test_the_script_passes_the_type_check_against_the_generated_tree(tmp_path: Path) -> None:
    package = generate_package(asyncio.run(shop_catalogue()))
    written = {f"{package.folder}/{name}": text for name, text in package.files.items()} | generate_root([package])
    for name, text in written.items():
        path = tmp_path / "servers" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "overdue_report.py").write_text(SCRIPT, encoding="utf-8")
    command = [str(Path(sys.executable).with_name("ty")), "check", "--python", sys.prefix, "overdue_report.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
