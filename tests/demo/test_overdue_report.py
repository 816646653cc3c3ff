"""The demo script, over the shop's own tools: what it calls and what it answers."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from types import ModuleType
from typing import Any

import pytest
from mcp.server.mcpserver.exceptions import ToolError as ShopToolError

from codegen.demo.data import open_database
from codegen.demo.shop import Shop
from codegen.demo.store import Store


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
    text = files("codegen.demo").joinpath("overdue_report.py.txt").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(compile(text, "overdue_report.py", "exec"), names)
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
