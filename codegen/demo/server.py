"""The MCP server that offers the shop's tools, in pages and with hints."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from mcp import MCPError
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import MCPServer
from mcp_types import INVALID_PARAMS, ToolAnnotations

from codegen.demo.shop import Shop
from codegen.demo.store import Store

PAGE_SIZE = 6
INSTRUCTIONS = (
    "Use it to find late orders, check stock or write to customers of a small mail-order shop. "
    "Start with shop_info: it has the shop's own date."
)


def make_server(database: sqlite3.Connection) -> MCPServer[dict[str, Any]]:
    """The MCP server over `database`."""
    # ERROR: a tool that fails as documented is the caller's news, not a line in a log.
    server: MCPServer[dict[str, Any]] = MCPServer(
        "shop", title="Lantern & Larch", instructions=INSTRUCTIONS, version="1.0.0", log_level="ERROR"
    )
    for tool, hints in _tools(Shop(Store(database))):
        # Three tools declare no output: as with most real servers, only the answer shows its shape.
        bare = tool.__name__ in ("sales_summary", "customer_history", "shop_policy")
        server.add_tool(tool, annotations=hints, structured_output=False if bare else None)
    server.middleware.append(_list_in_pages)
    return server


def _tools(shop: Shop) -> list[tuple[Callable[..., Awaitable[Any]], ToolAnnotations]]:
    reads = _hints(reads=True, idempotent=True)
    return [
        (shop.shop_info, reads),
        (shop.list_customers, reads),
        (shop.get_customer, reads),
        (shop.list_orders, reads),
        (shop.get_order, reads),
        (shop.create_order, _hints()),
        (shop.set_order_status, _hints(idempotent=True)),
        (shop.delete_order, _hints(destructive=True)),
        (shop.search_products, reads),
        (shop.get_stock, reads),
        (shop.adjust_stock, _hints()),
        (shop.check_courier, _hints(reads=True, idempotent=True, outside=True)),
        (shop.send_message, _hints(outside=True)),
        (shop.list_messages, reads),
        (shop.invoice_number, reads),
        (shop.sales_summary, reads),
        (shop.customer_history, reads),
        (shop.shop_policy, reads),
        (shop.export_ledger, reads),
    ]


def _hints(
    *, reads: bool = False, destructive: bool = False, idempotent: bool = False, outside: bool = False
) -> ToolAnnotations:
    return ToolAnnotations(
        read_only_hint=reads, destructive_hint=destructive, idempotent_hint=idempotent, open_world_hint=outside
    )


async def _list_in_pages(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Cut the answer to tools/list: the SDK's server gives all tools at once, and real servers don't."""
    result = await call_next(ctx)
    if ctx.method != "tools/list" or not isinstance(result, dict):
        return result
    cursor = (ctx.params or {}).get("cursor") or "0"
    tools = result["tools"]
    if not cursor.isdigit() or int(cursor) >= len(tools):
        raise MCPError(code=INVALID_PARAMS, message=f"unknown cursor {cursor!r}")
    end = int(cursor) + PAGE_SIZE
    page = {**result, "tools": tools[int(cursor) : end]}
    return {**page, "nextCursor": str(end)} if end < len(tools) else page
