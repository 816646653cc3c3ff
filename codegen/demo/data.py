"""The shop's tables and what stands in them at first: the same rows on every machine, without clock or chance."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta

TODAY = date(2026, 11, 2)
"""The shop's own today: an order is late against this day, so that every answer is the same tomorrow."""

SCHEMA = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, tier TEXT NOT NULL,
    street TEXT NOT NULL, zip TEXT NOT NULL, city TEXT NOT NULL, country TEXT NOT NULL, since TEXT NOT NULL);
CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT NOT NULL, category TEXT NOT NULL, cents INTEGER NOT NULL);
CREATE TABLE stock (sku TEXT NOT NULL REFERENCES products, warehouse TEXT NOT NULL, on_hand INTEGER NOT NULL,
    reserved INTEGER NOT NULL, restock_on TEXT, PRIMARY KEY (sku, warehouse));
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers, status TEXT NOT NULL,
    placed_on TEXT NOT NULL, due_on TEXT NOT NULL, express INTEGER NOT NULL, note TEXT);
CREATE TABLE lines (order_id INTEGER NOT NULL REFERENCES orders ON DELETE CASCADE,
    sku TEXT NOT NULL REFERENCES products, quantity INTEGER NOT NULL, cents INTEGER NOT NULL,
    PRIMARY KEY (order_id, sku));
CREATE INDEX orders_of_customer ON orders (customer_id);
CREATE TABLE messages (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers,
    channel TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL, sent_on TEXT NOT NULL);
"""

_PEOPLE = (
    "Ada Winter|Ben Okafor|Clara Groß|Dmitri Volkov|Elif Kaya|Femke de Vries|Goran Ilić|Hanna Lind|Ivo Marković|"
    "Jana Nováková|Kofi Mensah|Lucía Ortega|Marek Zieliński|Nadia Haddad|Oskar Berg|Priya Nair|Quentin Dubois|"
    "Rosa Bianchi|Søren Holm|Tomoko Abe|Ulrike Böhm|Vera Costa|Wim Jansen|Xenia Petrou|Yusuf Demir"
)
_CITIES = (("DE", "Leipzig"), ("AT", "Graz"), ("CH", "Basel"), ("NL", "Utrecht"), ("DE", "Bremen"))
_TIERS = ("basic", "basic", "silver", "gold", "basic", "silver")
_PRODUCTS = {
    "lighting": "Desk lamp|Floor lamp|Candle set|Lantern|Light strip|Reading light|Pendant|Wall light|Bulb pack|Torch",
    "kitchen": "Teapot|Cutting board|Bread knife|Mug|Whisk|Pepper mill|Colander|Wok|Carafe|Scale",
    "office": "Notebook|Fountain pen|Stapler|Desk pad|Shelf|File box|Planner|Ruler|Bookend|Pinboard",
    "garden": "Watering can|Trowel|Planter|Bird feeder|Hose|Gloves|Seed box|Rake|Bench|Parasol",
}
_NO_EMAIL = {6: None, 13: "marek.zielinski at example", 20: None}
_LATE_STATES = ("paid", "shipped", "packed", "shipped")
_OPEN_STATES = ("new", "paid", "packed", "shipped")


def open_database(path: str) -> sqlite3.Connection:
    """The shop at `path`, created and seeded when the file holds none yet; an existing one is kept as it is."""
    # isolation_level None: transactions are begun and ended by name, not by guess of the sqlite3 module.
    database = sqlite3.connect(path, isolation_level=None, timeout=10)
    database.row_factory = sqlite3.Row
    database.execute("PRAGMA foreign_keys = ON")
    # Two servers may open one new file: the first takes the lock and seeds, the second then finds version 1.
    database.execute("BEGIN IMMEDIATE")
    if database.execute("PRAGMA user_version").fetchone()[0] == 0:
        _seed(database)
        database.execute("PRAGMA user_version = 1")
    database.execute("COMMIT")
    return database


def _seed(database: sqlite3.Connection) -> None:
    for statement in SCHEMA.split(";\n"):
        database.execute(statement)
    products = list(_products())
    database.executemany("INSERT INTO customers VALUES (?,?,?,?,?,?,?,?,?)", _customers())
    database.executemany("INSERT INTO products VALUES (?,?,?,?)", products)
    database.executemany("INSERT INTO stock VALUES (?,?,?,?,?)", _stock([sku for sku, *_ in products]))
    database.executemany("INSERT INTO orders VALUES (?,?,?,?,?,?,?)", _orders())
    database.executemany("INSERT INTO lines VALUES (?,?,?,?)", _lines(products))


def _customers() -> Iterator[tuple[int, str, str | None, str, str, str, str, str, str]]:
    for number, name in enumerate(_PEOPLE.split("|"), 1):
        country, city = _CITIES[number % len(_CITIES)]
        email = _NO_EMAIL.get(number, f"customer{number}@shop.example")
        since = date(2021, 1, 15) + timedelta(days=67 * number)
        street = f"{('Mill', 'Park', 'Station')[number % 3]} Street {number * 3 % 40 + 1}"
        tier = _TIERS[number % len(_TIERS)]
        yield number, name, email, tier, street, f"{10000 + number * 317}", city, country, since.isoformat()


def _products() -> Iterator[tuple[str, str, str, int]]:
    for category, names in _PRODUCTS.items():
        for number, name in enumerate(names.split("|"), 1):
            yield (
                f"{category[:2].upper()}-{100 + number}",
                name,
                category,
                490 + (number * 733 + len(name) * 211) % 9000,
            )


def _stock(skus: list[str]) -> Iterator[tuple[str, str, int, int, str | None]]:
    for number, sku in enumerate(skus):
        # Each fifth product is sold out everywhere; half of these know when more arrives.
        empty = number % 5 == 2
        restock = (TODAY + timedelta(days=3 + number % 9)).isoformat() if empty and number % 2 else None
        for warehouse, step in (("north", 7), ("south", 11)):
            on_hand = 0 if empty else 2 + number * step % 23
            yield sku, warehouse, on_hand, min(on_hand, number % 4), restock


def _orders() -> Iterator[tuple[int, int, str, str, str, int, str | None]]:
    for number in range(120):
        express = number % 9 == 4
        placed = date(2026, 8, 1) + timedelta(days=number * 92 // 120)
        due = placed + timedelta(days=5 if express else 14)
        note = "Leave with the neighbour" if number % 17 == 3 else None
        # Quadratic, so that some customers order often and some hardly at all.
        customer = 1 + (number * number + 3 * number) % 25
        yield 1001 + number, customer, _status(number, due), placed.isoformat(), due.isoformat(), int(express), note


def _status(number: int, due: date) -> str:
    if number % 13 == 5:
        return "cancelled"
    if due >= TODAY:
        return _OPEN_STATES[number % len(_OPEN_STATES)]
    return _LATE_STATES[number // 6 % len(_LATE_STATES)] if number % 6 == 2 else "delivered"


def _lines(products: list[tuple[str, str, str, int]]) -> Iterator[tuple[int, str, int, int]]:
    for number in range(120):
        for place in range(1 + number % 4):
            sku, _, _, cents = products[(number * 13 + place * 17) % len(products)]
            yield 1001 + number, sku, 1 + (number + place) % 5, cents
