"""The shop's database: seeded once, kept afterwards, the same everywhere."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from codegen.demo.data import open_database


def dump(database: sqlite3.Connection) -> str:
    return "\n".join(database.iterdump())


def test_two_new_shops_hold_the_same_rows(tmp_path: Path) -> None:
    first, second = open_database(":memory:"), open_database(str(tmp_path / "shop.sqlite"))
    assert dump(first) == dump(second)
    first.close()
    second.close()


def test_an_existing_shop_is_kept_as_it_is(tmp_path: Path) -> None:
    path = str(tmp_path / "shop.sqlite")
    database = open_database(path)
    database.execute("DELETE FROM orders WHERE id > 1003")
    database.close()
    again = open_database(path)
    assert again.execute("SELECT count(*) FROM orders").fetchone()[0] == 3
    again.close()


def test_servers_that_open_a_new_file_at_once_seed_it_once(tmp_path: Path) -> None:
    def count(_: int) -> int:
        database = open_database(str(tmp_path / "shop.sqlite"))
        orders = int(database.execute("SELECT count(*) FROM orders").fetchone()[0])
        database.close()
        return orders

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(count, range(8))) == [120] * 8


def test_the_seed_has_what_the_tools_need_to_show() -> None:
    database = open_database(":memory:")
    states = {row[0] for row in database.execute("SELECT DISTINCT status FROM orders")}
    assert states == {"new", "paid", "packed", "shipped", "delivered", "cancelled"}
    assert database.execute("SELECT count(*) FROM customers WHERE email IS NULL").fetchone()[0] == 2
    assert database.execute("SELECT count(*) FROM orders WHERE note IS NOT NULL").fetchone()[0] == 7
    assert database.execute("SELECT count(*) FROM stock WHERE reserved > on_hand").fetchone()[0] == 0
    database.close()
