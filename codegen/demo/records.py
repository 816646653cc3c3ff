"""What the shop's tools take and give; the MCP server declares its output schemas from these types."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field

# typing's own TypedDict can't be read by pydantic before Python 3.12.
from typing_extensions import TypedDict

Tier = Literal["basic", "silver", "gold"]
Country = Literal["DE", "AT", "CH", "NL"]
Category = Literal["lighting", "kitchen", "office", "garden"]
Status = Literal["new", "paid", "packed", "shipped", "delivered", "cancelled"]
Warehouse = Literal["north", "south"]
Channel = Literal["email", "letter"]

CustomerId = Annotated[int, Field(description="Customer number, as list_customers gives it", ge=1)]
OrderId = Annotated[int, Field(description="Order number, as list_orders gives it", ge=1)]
Sku = Annotated[str, Field(description="Product number, for example LI-101", pattern=r"^[A-Z]{2}-\d{3}$")]
Month = Annotated[str, Field(description="Month, for example 2026-09", pattern=r"^\d{4}-\d{2}$")]


class Money(TypedDict):
    amount: float
    currency: Literal["EUR"]


class Address(TypedDict):
    street: str
    zip: str
    city: str
    country: Country


class Customer(TypedDict):
    id: int
    name: str
    email: str | None
    tier: Tier
    since: Annotated[str, Field(json_schema_extra={"format": "date"})]
    address: Address


class CustomerPage(TypedDict):
    customers: list[Customer]
    total: int
    next_offset: int | None


class Line(TypedDict):
    sku: str
    quantity: int
    price: Money


class Order(TypedDict):
    id: int
    customer_id: int
    status: Status
    placed_on: Annotated[str, Field(json_schema_extra={"format": "date"})]
    due_on: Annotated[str, Field(json_schema_extra={"format": "date"})]
    express: bool
    lines: list[Line]
    total: Money
    note: NotRequired[str]


class NewLine(TypedDict):
    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=100)]


class Deletion(TypedDict):
    order_id: int
    lines_removed: int


class Product(TypedDict):
    sku: str
    name: str
    category: Category
    price: Money


class Shelf(TypedDict):
    warehouse: Warehouse
    on_hand: int
    reserved: int


class Stock(TypedDict):
    sku: str
    name: str
    available: Annotated[int, Field(description="On hand and not reserved, all warehouses together")]
    shelves: list[Shelf]
    restock_on: Annotated[str | None, Field(description="Day of the next delivery; null when none is planned")]


class Courier(TypedDict):
    order_id: int
    carrier: Literal["Postrider", "Nightvan"]
    state: Literal["not collected", "on the road", "delivered"]
    last_seen: str


class Message(TypedDict):
    id: int
    customer_id: int
    channel: Channel
    subject: str
    body: str
    sent_on: str


class Ledger(TypedDict):
    month: str
    rows: int
    total: Money
    csv: str


class ShopInfo(TypedDict):
    name: str
    today: Annotated[str, Field(description="The shop's own date: orders are late against this day")]
    currency: Literal["EUR"]
    customers: int
    orders: int
    products: int
