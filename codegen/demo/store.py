"""Queries over the shop's database, and its rows as the records that the tools give."""

from __future__ import annotations

import sqlite3

from mcp.server.mcpserver.exceptions import ToolError

from codegen.demo.records import Address, Customer, Line, Message, Money, Order, Product, Shelf, Stock


class Store:
    """One open database for the life of the server."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """All rows of a query; a writing one is committed by itself."""
        return self._database.execute(query, values).fetchall()

    def one(self, what: str, query: str, *values: object) -> sqlite3.Row:
        """The first row; where there is none, the tool fails with "there is no <what> <first value>"."""
        rows = self.rows(query, *values)
        if not rows:
            raise ToolError(f"there is no {what} {values[0]}")
        return rows[0]

    def add_order(self, order: tuple[object, ...], lines: list[tuple[str, int, int]]) -> int:
        """Insert an order (customer, placed_on, due_on, express, note) with its lines, both or neither."""
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            (order_id,) = self._database.execute(
                "INSERT INTO orders (customer_id, status, placed_on, due_on, express, note)"
                " VALUES (?, 'new', ?, ?, ?, ?) RETURNING id",
                order,
            ).fetchone()
            rows = [(order_id, *line) for line in lines]
            self._database.executemany("INSERT INTO lines VALUES (?, ?, ?, ?)", rows)
        return int(order_id)

    def customer(self, customer_id: int) -> Customer:
        """The customer of that number."""
        return as_customer(self.one("customer", "SELECT * FROM customers WHERE id = ?", customer_id))

    def order(self, order_id: int) -> Order:
        """The order of that number, with its lines."""
        return self.with_lines(self.one("order", "SELECT * FROM orders WHERE id = ?", order_id))

    def with_lines(self, row: sqlite3.Row) -> Order:
        """An order's row and its lines as one record."""
        rows = self.rows("SELECT sku, quantity, cents FROM lines WHERE order_id = ? ORDER BY sku", row["id"])
        order = Order(
            id=row["id"],
            customer_id=row["customer_id"],
            status=row["status"],
            placed_on=row["placed_on"],
            due_on=row["due_on"],
            express=bool(row["express"]),
            lines=[Line(sku=line["sku"], quantity=line["quantity"], price=as_money(line["cents"])) for line in rows],
            total=as_money(sum(line["quantity"] * line["cents"] for line in rows)),
        )
        if row["note"] is not None:
            order["note"] = row["note"]
        return order

    def stock(self, sku: str) -> Stock:
        """What is on the shelves of that product."""
        product = self.one("product", "SELECT * FROM products WHERE sku = ?", sku)
        rows = self.rows("SELECT * FROM stock WHERE sku = ? ORDER BY warehouse", sku)
        shelves = [Shelf(warehouse=row["warehouse"], on_hand=row["on_hand"], reserved=row["reserved"]) for row in rows]
        return Stock(
            sku=sku,
            name=product["name"],
            available=sum(shelf["on_hand"] - shelf["reserved"] for shelf in shelves),
            shelves=shelves,
            restock_on=min((row["restock_on"] for row in rows if row["restock_on"]), default=None),
        )


def as_money(cents: int) -> Money:
    """An amount as the tools give it."""
    return Money(amount=cents / 100, currency="EUR")


def as_customer(row: sqlite3.Row) -> Customer:
    """A row of customers."""
    address = Address(street=row["street"], zip=row["zip"], city=row["city"], country=row["country"])
    return Customer(
        id=row["id"], name=row["name"], email=row["email"], tier=row["tier"], since=row["since"], address=address
    )


def as_product(row: sqlite3.Row) -> Product:
    """A row of products."""
    return Product(sku=row["sku"], name=row["name"], category=row["category"], price=as_money(row["cents"]))


def as_message(row: sqlite3.Row) -> Message:
    """A row of messages."""
    return Message(
        id=row["id"],
        customer_id=row["customer_id"],
        channel=row["channel"],
        subject=row["subject"],
        body=row["body"],
        sent_on=row["sent_on"],
    )
