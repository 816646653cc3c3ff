"""Tools described in a language are found by requests in it, as people of that language inflect them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.search.fields import Entry
from codegen.search.index import write_group
from codegen.search.query import search

TOOLS = {
    "zh": [
        ("ding_dan_lie_biao", "列出客户的所有订单"),
        ("fa_song", "向客户发送电子邮件"),
        ("ku_cun", "查询商品库存数量"),
    ],
    "ja": [
        ("chumon_ichiran", "顧客の注文を一覧表示します"),
        ("soushin", "メールを送信する"),
        ("zaiko", "商品の在庫を確認します"),
    ],
    "ru": [
        ("spisok", "Возвращает список заказов клиента"),
        ("pismo", "Отправляет письмо"),
        ("zadacha", "Создаёт задачу"),
    ],
    "de": [
        ("bestellungen_auflisten", "Listet die Bestellungen eines Kunden auf"),
        ("nachricht_senden", "Sendet eine Nachricht an eine Adresse"),
        ("auftrag_loeschen", "Löscht einen Auftrag endgültig"),
    ],
}


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory, entry: Callable[..., Entry]) -> Path:
    made = tmp_path_factory.mktemp("languages") / "index.sqlite"
    for server, tools in TOOLS.items():
        entries = [entry(server, name, text, server_summary="") for name, text in tools]
        write_group(made, f"servers/{server}", entries, "1")
    return made


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("客户订单", "zh.ding_dan_lie_biao"),
        ("发邮件给客户", "zh.fa_song"),
        ("库存还有多少", "zh.ku_cun"),
        ("注文の一覧", "ja.chumon_ichiran"),
        ("メール送信", "ja.soushin"),
        ("在庫はありますか", "ja.zaiko"),
        ("заказы клиентов", "ru.spisok"),
        ("отправить письма", "ru.pismo"),
        ("создать новую задачу", "ru.zadacha"),
        ("Bestellung von Kunden", "de.bestellungen_auflisten"),
        ("Nachrichten senden", "de.nachricht_senden"),
        ("Aufträge löschen", "de.auftrag_loeschen"),
        ("auftrage loschen", "de.auftrag_loeschen"),
    ],
)
def test_a_request_finds_its_tool_in_its_own_language(db: Path, query: str, first: str) -> None:
    assert search(db, [query])[0].hits[0].path == first
