"""The shop's tools: a method's signature and docstring are what the server declares."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

import anyio
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from codegen.demo.data import TODAY
from codegen.demo.records import (
    Category,
    Channel,
    Country,
    Courier,
    Customer,
    CustomerId,
    CustomerPage,
    Deletion,
    Ledger,
    Message,
    Month,
    NewLine,
    Order,
    OrderId,
    Product,
    ShopInfo,
    Sku,
    Status,
    Stock,
    Tier,
    Warehouse,
)
from codegen.demo.store import Store, as_customer, as_message, as_money, as_product

LEDGER_SECONDS = 0.7

_POLICIES = {
    "returns": "Goods may be returned within 30 days, unused and in their box. The shop pays for the parcel.",
    "shipping": "Standard orders are due after 14 days, express orders after 5. Shipping is free from 50 EUR on.",
    "privacy": "Addresses are used for delivery only and deleted three years after the last order.",
}


class Shop:
    """The tools over one store.

    All are coroutines that hardly await: each runs to its end on the one loop, so the database needs no lock.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def shop_info(self) -> ShopInfo:
        """Name, date and size of the shop."""
        (row,) = self._store.rows(
            "SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM orders), (SELECT count(*) FROM products)"
        )
        return ShopInfo(
            name="Lantern & Larch",
            today=TODAY.isoformat(),
            currency="EUR",
            customers=row[0],
            orders=row[1],
            products=row[2],
        )

    async def list_customers(
        self,
        tier: Annotated[Tier | None, Field(description="Only customers of this tier")] = None,
        country: Annotated[Country | None, Field(description="Only customers in this country")] = None,
        limit: Annotated[int, Field(description="Customers a page", ge=1, le=100)] = 20,
        offset: Annotated[int, Field(description="Customers to skip: next_offset of the page before", ge=0)] = 0,
    ) -> CustomerPage:
        """List customers by number, a page at a time."""
        rows = self._store.rows(
            "SELECT * FROM customers WHERE (?1 IS NULL OR tier = ?1) AND (?2 IS NULL OR country = ?2) ORDER BY id",
            tier,
            country,
        )
        page = [as_customer(row) for row in rows[offset : offset + limit]]
        more = offset + limit if offset + limit < len(rows) else None
        return CustomerPage(customers=page, total=len(rows), next_offset=more)

    async def get_customer(self, customer_id: CustomerId) -> Customer:
        """Get one customer with the address."""
        return self._store.customer(customer_id)

    async def list_orders(
        self,
        customer_id: Annotated[int | None, Field(description="Only orders of this customer", ge=1)] = None,
        status: Annotated[Status | None, Field(description="Only orders in this state")] = None,
        placed_from: Annotated[
            str | None, Field(description="Only orders placed on this day or later", pattern=r"^\d{4}-\d{2}-\d{2}$")
        ] = None,
        limit: Annotated[int, Field(description="Orders at most", ge=1, le=200)] = 100,
    ) -> list[Order]:
        """List orders with their lines, oldest first."""
        rows = self._store.rows(
            "SELECT * FROM orders WHERE (?1 IS NULL OR customer_id = ?1) AND (?2 IS NULL OR status = ?2)"
            " AND (?3 IS NULL OR placed_on >= ?3) ORDER BY id LIMIT ?4",
            customer_id,
            status,
            placed_from,
            limit,
        )
        return [self._store.with_lines(row) for row in rows]

    async def get_order(self, order_id: OrderId) -> Order:
        """Get one order with its lines."""
        return self._store.order(order_id)

    async def create_order(
        self,
        customer_id: CustomerId,
        lines: Annotated[list[NewLine], Field(description="What is ordered; each product once", min_length=1)],
        express: Annotated[bool, Field(description="Due after 5 days instead of 14")] = False,
        note: Annotated[str | None, Field(description="A note for the courier", max_length=200)] = None,
    ) -> Order:
        """Place an order for a customer. It starts new and unpaid; nothing is taken from stock."""
        self._store.customer(customer_id)
        if len({line["sku"] for line in lines}) < len(lines):
            raise ToolError("a product is named twice: put its quantities together")
        query = "SELECT cents FROM products WHERE sku = ?"
        priced = [
            (line["sku"], line["quantity"], self._store.one("product", query, line["sku"])["cents"]) for line in lines
        ]
        due = TODAY + timedelta(days=5 if express else 14)
        order_id = self._store.add_order((customer_id, TODAY.isoformat(), due.isoformat(), express, note), priced)
        return self._store.order(order_id)

    async def set_order_status(
        self, order_id: OrderId, status: Annotated[Status, Field(description="The new state")]
    ) -> Order:
        """Move an order to another state. Delivered and cancelled orders stay as they are."""
        before = self._store.order(order_id)["status"]
        if before in ("delivered", "cancelled") and before != status:
            raise ToolError(f"order {order_id} is {before} and can't become {status}")
        self._store.rows("UPDATE orders SET status = ? WHERE id = ?", status, order_id)
        return self._store.order(order_id)

    async def delete_order(self, order_id: OrderId) -> Deletion:
        """Delete an order and its lines for good. To stop an order and keep its record, set it to cancelled."""
        order = self._store.order(order_id)
        self._store.rows("DELETE FROM orders WHERE id = ?", order_id)
        return Deletion(order_id=order_id, lines_removed=len(order["lines"]))

    async def search_products(
        self,
        query: Annotated[str, Field(description="A part of the name; empty finds all")] = "",
        category: Annotated[Category | None, Field(description="Only this category")] = None,
        max_price: Annotated[float | None, Field(description="EUR at most; null for no limit", ge=0)] = None,
        sort: Annotated[Literal["name", "price", "-price"], Field(description="Order of the answer")] = "name",
    ) -> list[Product]:
        """Find products by name, category and price."""
        rows = self._store.rows(
            "SELECT * FROM products WHERE instr(lower(name), lower(?1)) AND (?2 IS NULL OR category = ?2)"
            " AND (?3 IS NULL OR cents <= ?3 * 100)"
            " ORDER BY CASE ?4 WHEN 'price' THEN cents WHEN '-price' THEN -cents END, name, sku",
            query,
            category,
            max_price,
            sort,
        )
        return [as_product(row) for row in rows]

    async def get_stock(self, sku: Sku) -> Stock:
        """See how much of a product is on the shelves, and when more arrives."""
        return self._store.stock(sku)

    async def adjust_stock(
        self,
        sku: Sku,
        warehouse: Annotated[Warehouse, Field(description="Where it was counted")],
        change: Annotated[int, Field(description="Pieces to add, negative to take away", ge=-500, le=500)],
    ) -> Stock:
        """Correct the number of pieces on one shelf."""
        query = "SELECT on_hand, reserved FROM stock WHERE sku = ? AND warehouse = ?"
        shelf = self._store.one("product", query, sku, warehouse)
        if shelf["on_hand"] + change < shelf["reserved"]:
            raise ToolError(f"{sku} in {warehouse}: {shelf['on_hand']} on hand, {shelf['reserved']} of them reserved")
        self._store.rows(
            "UPDATE stock SET on_hand = on_hand + ? WHERE sku = ? AND warehouse = ?", change, sku, warehouse
        )
        return self._store.stock(sku)

    async def check_courier(self, order_id: OrderId) -> Courier:
        """Ask the courier where an order is. Fails where the courier has no answer: each seventh order number."""
        order = self._store.order(order_id)
        if order_id % 7 == 0:
            raise ToolError(f"the courier has no answer for order {order_id}; ask again later")
        carrier: Literal["Nightvan", "Postrider"] = "Nightvan" if order["express"] else "Postrider"
        town = ("Leipzig", "Basel", "Utrecht")[order_id % 3]
        match order["status"]:
            case "shipped":
                return Courier(order_id=order_id, carrier=carrier, state="on the road", last_seen=town)
            case "delivered":
                return Courier(order_id=order_id, carrier=carrier, state="delivered", last_seen="at the door")
            case _:
                return Courier(order_id=order_id, carrier=carrier, state="not collected", last_seen="depot")

    async def send_message(
        self,
        customer_id: CustomerId,
        subject: Annotated[str, Field(description="The subject line", min_length=1, max_length=120)],
        body: Annotated[str, Field(description="Plain text", min_length=1)],
        channel: Annotated[Channel, Field(description="A letter needs no e-mail address")] = "email",
    ) -> Message:
        """Write to a customer. Fails by e-mail for customers without a valid address."""
        email = self._store.customer(customer_id)["email"]
        if channel == "email" and "@" not in (email or ""):
            raise ToolError(f"customer {customer_id} has no valid e-mail address; send a letter instead")
        (row,) = self._store.rows(
            "INSERT INTO messages (customer_id, channel, subject, body, sent_on) VALUES (?, ?, ?, ?, ?) RETURNING *",
            customer_id,
            channel,
            subject,
            body,
            TODAY.isoformat(),
        )
        return as_message(row)

    async def list_messages(self, customer_id: CustomerId) -> list[Message]:
        """List what was written to a customer, oldest first."""
        return [
            as_message(row) for row in self._store.rows("SELECT * FROM messages WHERE customer_id = ?", customer_id)
        ]

    async def invoice_number(self, order_id: OrderId) -> str:
        """Get the invoice number of an order: ten digits, given as text."""
        return f"{self._store.order(order_id)['placed_on'][:4]}{order_id:06d}"

    async def sales_summary(
        self,
        month: Month,
        group_by: Annotated[Literal["category", "country"], Field(description="What a row stands for")] = "category",
    ) -> dict[str, Any]:
        """Sum up what was sold in a month; cancelled orders don't count."""
        rows = self._store.rows(
            "SELECT CASE ?2 WHEN 'country' THEN c.country ELSE p.category END AS label, sum(l.quantity) AS pieces,"
            " sum(l.quantity * l.cents) AS cents FROM lines l JOIN orders o ON o.id = l.order_id"
            " JOIN products p ON p.sku = l.sku JOIN customers c ON c.id = o.customer_id"
            " WHERE o.status <> 'cancelled' AND substr(o.placed_on, 1, 7) = ?1 GROUP BY label ORDER BY label",
            month,
            group_by,
        )
        groups = [{"label": row["label"], "pieces": row["pieces"], "revenue": row["cents"] / 100} for row in rows]
        return {"month": month, "groups": groups}

    async def customer_history(self, customer_id: CustomerId) -> dict[str, Any]:
        """Tell what a customer ordered and was told: counts, spending, and the days of the first and last order."""
        customer = self._store.customer(customer_id)
        orders = [order for order in await self.list_orders(customer_id) if order["status"] != "cancelled"]
        days = [order["placed_on"] for order in orders]
        return {
            "customer": customer["name"],
            "orders": len(orders),
            "spent": round(sum(order["total"]["amount"] for order in orders), 2),
            "first_order": min(days, default=None),
            "last_order": max(days, default=None),
            "messages": len(await self.list_messages(customer_id)),
        }

    async def shop_policy(
        self, topic: Annotated[Literal["returns", "shipping", "privacy"], Field(description="Which policy")]
    ) -> str:
        """Read one of the shop's policies."""
        return _POLICIES[topic]

    async def export_ledger(self, month: Month) -> Ledger:
        """Write the ledger of a month as CSV. Slow: takes most of a second."""
        await anyio.sleep(LEDGER_SECONDS)
        rows = self._store.rows("SELECT * FROM orders WHERE substr(placed_on, 1, 7) = ? ORDER BY id", month)
        orders = [self._store.with_lines(row) for row in rows]
        lines = [f"{o['id']},{o['placed_on']},{o['customer_id']},{o['status']},{o['total']['amount']}" for o in orders]
        total = as_money(sum(round(order["total"]["amount"] * 100) for order in orders))
        csv = "\n".join(["order,placed_on,customer,status,total", *lines])
        return Ledger(month=month, rows=len(orders), total=total, csv=csv)
