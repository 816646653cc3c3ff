from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from codegen.generate.module import generate_module
from codegen.generate.returns import return_rule
from codegen.model import Tool

Make = Callable[..., Tool]
INNER = {"type": "array", "items": {"$ref": "#/$defs/Issue"}}
ISSUE = {"Issue": {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}}


def wrapper(**more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"result": INNER}, "required": ["result"], "$defs": ISSUE, **more}


@pytest.mark.parametrize("mark", [{"x-fastmcp-wrap-result": True}, {"title": "list_issuesOutput"}])
def test_a_wrapped_result_is_unwrapped_with_the_definitions_it_needs(mark: dict[str, Any], tool: Make) -> None:
    made = tool(output=wrapper(**mark))
    rule = return_rule(made)
    assert rule.wrapped
    assert rule.schema == {**INNER, "$defs": ISSUE}
    assert "-> list[Issue]:" in generate_module(made, "do_it").text


@pytest.mark.parametrize(
    "schema",
    [
        wrapper(title="Result"),
        wrapper(),
        {**wrapper(title="XOutput"), "required": []},
        {**wrapper(title="XOutput"), "properties": {"result": INNER, "next": {}}},
        {"type": "object", "properties": [], "title": "XOutput"},
    ],
)
def test_an_object_that_only_has_a_result_is_kept(schema: dict[str, Any], tool: Make) -> None:
    assert return_rule(tool(output=schema)).wrapped is False
    assert return_rule(tool(output=schema)).schema == schema


def test_a_tool_without_output_schema_says_so(tool: Make) -> None:
    assert return_rule(tool()).schema is None
    text = generate_module(tool(), "do_it").text
    assert "-> Any:" in text
    assert "Returns undeclared." in text
    assert "Returns undeclared." not in generate_module(tool(output={"type": "object"}), "do_it").text
