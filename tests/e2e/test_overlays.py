"""What codegen.toml says of a server's tools holds at run time too, for calls that no generated function made."""

from __future__ import annotations

OVERLAY = """
[servers.shop]
deny = ["delete_*"]

[servers.shop.tools.adjust_stock]
name = "recount"

[servers.shop.tools.adjust_stock.arguments]
change = { maximum = 20 }
"""

BY_HAND = """
from servers._client import ToolError, call

def said(server, tool, **arguments):
    try:
        return call(server, tool, arguments)
    except ToolError as error:
        return error.message

def main():
    return [
        said("shop", "delete_order", order_id=1),
        said("shop", "adjust_stock", sku="LI-101", warehouse="north", change=500),
        said("shop", "adjust_stock", sku="LI-101", warehouse="north", change=0),
        said("shopp", "get_stock", sku="LI-101"),
    ]
"""


def test_what_is_denied_or_narrowed_is_so_without_the_generated_function_too(shop):
    (shop.root / "codegen.toml").write_text(OVERLAY)
    shop("sync", "--offline")
    denied, narrowed, made, misspelt = shop.value(BY_HAND)
    assert denied == 'denied by codegen.toml: [servers.shop] deny "delete_*"'
    assert narrowed.startswith("change: 500 given, <= 20 accepted (nothing was sent)\n  shop.recount(")
    assert made["sku"] == "LI-101"
    assert misspelt == "server 'shopp' is not in the tree\n  did you mean shop?"


def test_a_tool_that_was_renamed_is_found_by_the_name_that_its_server_gives_it(shop):
    (shop.root / "codegen.toml").write_text(OVERLAY)
    shop("sync", "--offline")
    refused = shop.run("from servers.shop import adjust_stock", code=3)
    assert "    shop.recount(sku: str, " in refused.stderr
