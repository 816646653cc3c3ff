"""The benchmark of tokens, and that docs/when-to-use.md says what it measures."""

from __future__ import annotations

import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from conftest import ROOT

INSTALLED = ROOT / ".cache" / "servers"


@pytest.mark.servers
@pytest.mark.skipif(not (INSTALLED / "venv").exists(), reason="real servers are not installed: make servers")
@pytest.mark.long
def test_the_page_says_what_the_benchmark_measures():
    done = subprocess.run(
        [sys.executable, "-m", "tokens", "--check"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": "benchmarks"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_figure_of_the_page_may_be_a_little_off_and_nothing_else():
    from tokens.page import differences

    page = "<!-- tokens: worst -->\n| direct | 1,000 | 2.0 |\n<!-- / -->\n"
    assert differences(page, {"worst": "| direct | 1,020 | 2.1 |\n"}) == []
    assert differences(page, {"worst": "| direct | 1,100 | 2.0 |\n"})
    assert differences(page, {"worst": "| directly | 1,000 | 2.0 |\n"})
    assert differences(page, {"worst": ""})
    assert differences(page, {"other": "1\n"})


def test_a_block_is_filled_and_the_rest_of_the_page_stays():
    from tokens.page import filled

    page = "a\n<!-- tokens: one -->\nold\n<!-- / -->\nb\n<!-- tokens: two -->\nkept\n<!-- / -->\n"
    assert filled(page, {"one": r"new \1" + "\n"}) == page.replace("old", r"new \1")


def test_charts_are_xml_and_the_same_bytes_from_the_same_figures():
    from tokens.charts import bars, lines

    series = {"direct": [(1.0, 5e3), (100.0, 3e6)], "direct: one by one*": [(1.0, 5e3), (100.0, 9e5)]}
    made = [(bars("<t>", {"direct": [1e3, 2e3]}, ("first", "later")), lines("t", series, "calls")) for _ in range(2)]
    assert made[0] == made[1]
    for text in made[0]:
        assert ElementTree.fromstring(text).tag.endswith("svg")
        assert "prefers-color-scheme:dark" in text


def test_the_charts_of_the_page_are_there_and_are_xml():
    page = (ROOT / "docs" / "when-to-use.md").read_text()
    names = [part.partition(")")[0] for part in page.split("](tokens-")[1:]]
    assert len(names) == 3
    for name in names:
        ElementTree.fromstring((ROOT / "docs" / f"tokens-{name}").read_text())


def test_typescript_has_types_texts_and_follows_references_but_not_forever():
    from tokens.typescript import declarations

    from codegen.model import Tool

    schema = {
        "type": "object",
        "properties": {
            "sku": {"type": "string", "description": "Which */ one"},
            "kinds": {"type": "array", "items": {"enum": ["a", 1]}},
            "tree": {"$ref": "#/$defs/tree"},
            "odd-name": {"anyOf": [{"type": "null"}, {"const": True}]},
        },
        "required": ["sku"],
        "$defs": {"tree": {"type": "object", "properties": {"child": {"$ref": "#/$defs/tree"}}}},
    }
    text = declarations([Tool("shop", "get", {"name": "get", "description": "Get it.", "inputSchema": schema})])
    assert "\t/** Which *\\/ one */\n\tsku: string;" in text
    assert '\tkinds?: ("a" | 1)[];' in text
    assert '\t"odd-name"?: null | true;' in text
    assert "child?: unknown" in text
    assert "\t/** Get it. */\n\tshop_get: (input: ShopGetInput) => Promise<ShopGetOutput>;" in text
