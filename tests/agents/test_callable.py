"""Any function as a model: what it may give."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from codegen.agents.callable import callable_model
from codegen.agents.loop import Reply
from codegen.agents.task import Usage
from codegen.errors import UsageError

TEXT = {"type": "text", "text": "Yes."}


def reply(said: Any) -> Reply:
    async def later(messages: Any, tools: Any) -> Any:
        return said

    one = asyncio.run(callable_model(lambda messages, tools: said)([], ()))
    assert asyncio.run(callable_model(later)([], ())) == one
    return one


def test_a_text_a_block_and_a_list_are_replies():
    for said in ("Yes.", TEXT, [TEXT], ["Yes."], {"content": "Yes."}):
        assert list(reply(said).content) == [TEXT]


def test_tokens_and_cost_are_counted_where_they_are_given():
    whole = reply({"content": [TEXT], "usage": {"input_tokens": 3, "output_tokens": 4}, "cost": 0.5})
    assert (whole.usage, whole.cost) == (Usage(3, 4), 0.5)
    assert reply("Yes.").cost is None


def test_a_tool_use_without_an_id_gets_one():
    use = {"type": "tool_use", "name": "run", "input": {}}
    assert [block["id"] for block in reply([use, {**use, "id": "mine"}]).content] == ["call_0", "mine"]


@pytest.mark.parametrize("said", [None, 3, [3], [{"text": "no type"}]])
def test_anything_else_is_refused(said: Any):
    with pytest.raises(UsageError, match="the backend gave"):
        reply(said)
