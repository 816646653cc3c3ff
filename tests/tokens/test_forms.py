"""What a model reads and writes where tools are called one by one."""

from __future__ import annotations

from codegen.model import Tool
from codegen.tokens.forms import call_text, definition_text, result_text


def test_a_definition_has_neither_output_schema_nor_annotations() -> None:
    wire = {
        "name": "get",
        "title": "Get",
        "description": "Get it.",
        "inputSchema": {"type": "object"},
        "outputSchema": {"type": "object"},
        "annotations": {"readOnlyHint": True},
    }
    assert definition_text(Tool("shop", "get", wire)) == (
        '{"name":"mcp__shop__get","description":"Get it.","input_schema":{"type":"object"}}'
    )


def test_calls_and_results_are_json_without_a_blank_and_texts_are_themselves() -> None:
    assert call_text("shop", "get", {"name": "Groß"}) == '{"name":"mcp__shop__get","input":{"name":"Groß"}}'
    assert result_text({"a": [1, None]}) == '{"a":[1,null]}'
    assert result_text('{"a": 1}') == '{"a": 1}'
