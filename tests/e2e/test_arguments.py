"""Wrong arguments are refused by the broker, in words that an agent can act on, and reach no server."""

from __future__ import annotations


def test_a_wrong_argument_never_reaches_the_server(workspace, counted):
    script = """
import json
from servers import ToolError
from servers.counting import tool_1
def main():
    try:
        tool_1(value=json.loads('[5]'))  # which no type check can know
    except ToolError as error:
        return [error.server, error.tool, error.message.splitlines()]
"""
    server, tool, lines = workspace.value(script)
    assert (server, tool) == ("counting", "tool_1")
    assert lines[0] == "value: a list given, int accepted (nothing was sent)"
    assert lines[1].strip().startswith("counting.tool_1(value: int, note?: str) -> {tool, value}")
    assert counted() == []
    assert workspace.value("from servers.counting import tool_1\ndef main(): return tool_1(value=5)") is not None
    assert "tools/call" in counted()


def test_the_refusal_is_in_the_journal(workspace, counted):
    workspace.run("from servers.counting import tool_1\ntool_1(value='x')", "--no-check", code=1)
    shown = workspace("runs", "show", "last").stdout
    assert "failed" in shown
    assert 'value: "x" given, int accepted' in shown
    assert counted() == []


def test_what_an_agent_reads_is_the_line_and_what_to_do_about_it(shop):
    script = (
        'from servers.shop import create_order\ncreate_order(customer_id=1, lines=[{"sku": "LI-101", "quantity": 0}])'
    )
    done = shop.run(script, code=1)
    assert done.stderr.splitlines()[:-1] == [
        "Traceback (most recent call last):",
        '  File "<stdin>", line 2, in <module>',
        '    create_order(customer_id=1, lines=[{"sku": "LI-101", "quantity": 0}])',
        "servers._client.ToolError: shop.create_order: lines[0].quantity: 0 given, >= 1 accepted (nothing was sent)",
        "  " + shop("search", "shop.create_order", "-k", "1", "--detail", "sig").stdout.splitlines()[-1].strip(),
    ]


def test_a_signature_that_the_check_printed_is_not_printed_again(shop):
    done = shop.run("from servers.shop import list_orders\nlist_orders(status='payd')", code=1)
    assert 'status: "payd" given' in done.stderr
    assert 'did you mean "paid"?' in done.stderr
    assert done.stderr.count("shop.list_orders(customer_id?") == 1


def test_what_the_schema_allows_is_the_servers_to_judge(shop):
    assert shop.value("from servers.shop import list_orders\ndef main(): return len(list_orders(limit=2))") == 2
    done = shop.run("from servers.shop import get_order\nget_order(order_id=999999)", code=1)
    assert "nothing was sent" not in done.stderr


def test_names_that_no_check_could_know_are_answered_with_the_signature(shop):
    line = shop("describe", "shop.get_stock", "--detail", "sig").stdout
    for script in (
        "from servers.shop import get_stock as stock\nstock(**{'sko': 'LI-101'})",
        "from servers import shop\nshop.get_stock(**dict())",
    ):
        done = shop.run(script, code=1)
        assert f"\n  {line}" in done.stderr
    own = shop.run("from servers.shop import get_stock\ndef own(): pass\nown(**{'a': 1})", code=1)
    assert line not in own.stderr


def test_a_value_that_json_has_no_word_for_is_told_by_its_argument(shop):
    script = "import datetime\nfrom servers.shop import list_orders\nlist_orders(placed_from=datetime.date(2026, 1, 1))"
    done = shop.run(script, "--no-check", code=1)
    assert done.stderr.splitlines()[:4] == [
        "Traceback (most recent call last):",
        '  File "<stdin>", line 3, in <module>',
        "    list_orders(placed_from=datetime.date(2026, 1, 1))",
        "TypeError: shop.list_orders: placed_from: Object of type date is not JSON serializable",
    ]
