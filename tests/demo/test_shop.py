"""The bundled shop, through a real MCP client over stdio."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp_types import CallToolResult, Tool

pytestmark = pytest.mark.anyio

BARE = {"sales_summary", "customer_history", "shop_policy"}
WRAPPED = {"list_orders", "search_products", "list_messages", "invoice_number"}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


def open_shop(database: Path | None = None) -> AbstractAsyncContextManager[Client]:
    env = {"SHOP_DB": str(database)} if database else {}
    return Client(StdioServerParameters(command=sys.executable, args=["-m", "codegen.demo"], env=env))


@pytest.fixture(scope="module")
async def shop() -> AsyncIterator[Client]:
    """One shop in memory for the tests that leave no trace."""
    async with open_shop() as client:
        yield client


async def all_tools(client: Client) -> list[Tool]:
    tools: list[Tool] = []
    cursor = None
    while True:
        page = await client.list_tools(cursor=cursor)
        tools += page.tools
        if (cursor := page.next_cursor) is None:
            return tools


async def value(client: Client, tool: str, /, **arguments: object) -> Any:
    """The structured answer, out of its wrapper if it has one."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    answer = result.structured_content
    return answer["result"] if tool in WRAPPED and answer is not None else answer


def only_text(result: CallToolResult) -> str:
    (block,) = result.content
    assert block.type == "text"
    return block.text


async def test_tools_are_listed_in_pages_of_six(shop: Client) -> None:
    sizes = []
    cursor = None
    while True:
        page = await shop.list_tools(cursor=cursor)
        sizes.append(len(page.tools))
        if (cursor := page.next_cursor) is None:
            break
    assert sizes == [6, 6, 6, 1]


@pytest.mark.parametrize("cursor", ["19", "-1", "page two"])
async def test_an_unknown_cursor_is_refused(shop: Client, cursor: str) -> None:
    with pytest.raises(MCPError, match="unknown cursor"):
        await shop.list_tools(cursor=cursor)


async def test_every_tool_is_described_and_hinted(shop: Client) -> None:
    for tool in await all_tools(shop):
        assert tool.description, tool.name
        assert tool.annotations is not None, tool.name
        hints = tool.annotations.model_dump(exclude={"title"})
        assert None not in hints.values(), tool.name
        for name, schema in tool.input_schema["properties"].items():
            assert schema.get("description"), f"{tool.name}.{name}"


async def test_only_deleting_is_destructive(shop: Client) -> None:
    destructive = [t.name for t in await all_tools(shop) if t.annotations and t.annotations.destructive_hint]
    assert destructive == ["delete_order"]


async def test_all_but_three_tools_declare_their_output(shop: Client) -> None:
    tools = await all_tools(shop)
    assert {tool.name for tool in tools if tool.output_schema is None} == BARE
    assert {t.name for t in tools if t.output_schema and list(t.output_schema["properties"]) == ["result"]} == WRAPPED


async def test_the_server_says_what_it_is_for(shop: Client) -> None:
    assert shop.instructions is not None
    assert "Use it to find late orders" in shop.instructions


READING_CALLS: list[tuple[str, dict[str, object]]] = [
    ("shop_info", {}),
    ("list_customers", {"tier": "gold", "country": None}),
    ("get_customer", {"customer_id": 3}),
    ("list_orders", {"customer_id": 5, "status": "delivered", "placed_from": "2026-09-01", "limit": 3}),
    ("get_order", {"order_id": 1004}),
    ("search_products", {"query": "lamp", "max_price": 80.5, "sort": "-price"}),
    ("get_stock", {"sku": "OF-108"}),
    ("check_courier", {"order_id": 1009}),
    ("list_messages", {"customer_id": 1}),
    ("invoice_number", {"order_id": 1001}),
    ("sales_summary", {"month": "2026-09", "group_by": "country"}),
    ("customer_history", {"customer_id": 2}),
    ("shop_policy", {"topic": "returns"}),
    ("export_ledger", {"month": "2026-08"}),
]


@pytest.mark.parametrize(("tool", "arguments"), READING_CALLS, ids=[name for name, _ in READING_CALLS])
async def test_a_reading_tool_answers_twice_the_same(shop: Client, tool: str, arguments: dict[str, object]) -> None:
    first = await shop.call_tool(tool, arguments)
    assert not first.is_error, first.content
    # Structured content where an output schema is declared; the client has validated it.
    assert (first.structured_content is None) == (tool in BARE)
    assert (await shop.call_tool(tool, arguments)) == first


async def test_every_tool_that_only_reads_is_among_those_tried(shop: Client) -> None:
    readers = {t.name for t in await all_tools(shop) if t.annotations and t.annotations.read_only_hint}
    assert readers == {name for name, _ in READING_CALLS}


async def test_the_seed_is_always_the_same(shop: Client) -> None:
    assert await value(shop, "shop_info") == {
        "name": "Lantern & Larch",
        "today": "2026-11-02",
        "currency": "EUR",
        "customers": 25,
        "orders": 120,
        "products": 40,
    }
    ledger = await value(shop, "export_ledger", month="2026-10")
    assert (ledger["rows"], ledger["total"]) == (40, {"amount": 17774.29, "currency": "EUR"})


async def test_customers_come_in_pages(shop: Client) -> None:
    first = await value(shop, "list_customers", limit=20)
    second = await value(shop, "list_customers", limit=20, offset=first["next_offset"])
    assert (first["next_offset"], second["next_offset"], second["total"]) == (20, None, 25)
    assert [customer["id"] for customer in first["customers"] + second["customers"]] == list(range(1, 26))


async def test_filters_and_order_are_kept(shop: Client) -> None:
    orders = await value(shop, "list_orders", status="cancelled", placed_from="2026-09-01")
    assert orders
    assert all(order["status"] == "cancelled" and order["placed_on"] >= "2026-09-01" for order in orders)
    prices = [found["price"]["amount"] for found in await value(shop, "search_products", max_price=30, sort="-price")]
    assert prices == sorted(prices, reverse=True)
    assert prices[0] <= 30


async def test_undeclared_answers_are_json_text_and_plain_text(shop: Client) -> None:
    history = await shop.call_tool("customer_history", {"customer_id": 2})
    assert json.loads(only_text(history))["customer"] == "Ben Okafor"
    assert only_text(await shop.call_tool("shop_policy", {"topic": "returns"})).startswith("Goods may be returned")


async def test_an_invoice_number_is_text_though_it_looks_like_a_number(shop: Client) -> None:
    assert await value(shop, "invoice_number", order_id=1001) == "2026001001"


FAILING_CALLS: list[tuple[str, dict[str, object], str]] = [
    ("check_courier", {"order_id": 1008}, "no answer for order 1008"),
    ("send_message", {"customer_id": 6, "subject": "Hi", "body": "."}, "no valid e-mail address"),
    ("send_message", {"customer_id": 13, "subject": "Hi", "body": "."}, "no valid e-mail address"),
    ("get_order", {"order_id": 9}, "there is no order 9"),
    ("set_order_status", {"order_id": 1001, "status": "new"}, "is delivered and can't become new"),
    ("adjust_stock", {"sku": "LI-102", "warehouse": "north", "change": -400}, "on hand"),
    ("create_order", {"customer_id": 1, "lines": [{"sku": "LI-101", "quantity": 1}] * 2}, "named twice"),
    ("create_order", {"customer_id": 1, "lines": [{"sku": "XX-999", "quantity": 1}]}, "no product XX-999"),
    ("get_stock", {"sku": "lamp"}, "String should match pattern"),
    ("list_customers", {"limit": 101}, "less than or equal to 100"),
]


@pytest.mark.parametrize(("tool", "arguments", "message"), FAILING_CALLS)
async def test_a_failing_tool_says_why(shop: Client, tool: str, arguments: dict[str, object], message: str) -> None:
    result = await shop.call_tool(tool, arguments)
    assert result.is_error
    assert message in only_text(result)


async def test_the_courier_fails_for_each_seventh_order_number_alone(shop: Client) -> None:
    failed = [n for n in range(1001, 1030) if (await shop.call_tool("check_courier", {"order_id": n})).is_error]
    assert failed == [1001, 1008, 1015, 1022, 1029]


async def test_writing_tools_write_to_the_file_and_a_second_server_finds_it(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite"
    async with open_shop(path) as client:
        lines = [{"sku": "LI-101", "quantity": 2}, {"sku": "GA-110", "quantity": 1}]
        order = await value(client, "create_order", customer_id=7, lines=lines, express=True, note=None)
        await value(client, "set_order_status", order_id=order["id"], status="paid")
        await value(client, "adjust_stock", sku="LI-101", warehouse="south", change=5)
        message = await value(client, "send_message", customer_id=6, subject="Late", body="Sorry.", channel="letter")
        assert await value(client, "delete_order", order_id=1004) == {"order_id": 1004, "lines_removed": 4}
    assert (order["id"], order["due_on"], order["status"], "note" in order) == (1121, "2026-11-07", "new", False)

    database = sqlite3.connect(path)
    assert database.execute("SELECT status, express FROM orders WHERE id = 1121").fetchone() == ("paid", 1)
    assert database.execute("SELECT count(*) FROM lines WHERE order_id = 1121").fetchone() == (2,)
    assert database.execute("SELECT count(*) FROM lines WHERE order_id = 1004").fetchone() == (0,)
    assert database.execute("SELECT id, channel FROM messages").fetchall() == [(message["id"], "letter")]
    database.close()

    async with open_shop(path) as client:
        assert (await value(client, "shop_info"))["orders"] == 120
        assert (await value(client, "get_stock", sku="LI-101"))["shelves"][1]["on_hand"] == 7


async def test_a_refused_order_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite"
    async with open_shop(path) as client:
        lines = [{"sku": "LI-101", "quantity": 1}, {"sku": "XX-999", "quantity": 1}]
        assert (await client.call_tool("create_order", {"customer_id": 1, "lines": lines})).is_error
        assert (await value(client, "shop_info"))["orders"] == 120
