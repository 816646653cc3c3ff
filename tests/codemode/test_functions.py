"""Python functions as tools: their schemas, how they are called, and what they may return."""

from __future__ import annotations

import asyncio
import functools
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from codegen.codemode.functions import function_tool, hints
from codegen.errors import ArgumentsError, ToolFailedError, UsageError


class Person(BaseModel):
    name: str
    born: date


@dataclass
class Team:
    people: list[Person]


def oldest(team: Team, *, since: Annotated[date | None, Field(description="Not before")] = None) -> Person | None:
    """Who is oldest."""
    return min((each for each in team.people if not since or each.born > since), key=lambda each: each.born)


ADA = {"name": "Ada", "born": "1815-12-10"}


def called(function: Callable[..., Any], /, **arguments: Any) -> Any:
    value = asyncio.run(function_tool(function).call(arguments))
    return value["result"] if "outputSchema" in function_tool(function).wire else value


def test_its_types_become_schemas_and_its_values_are_what_they_say():
    wire = function_tool(oldest).wire
    assert (wire["name"], wire["description"]) == ("oldest", "Who is oldest.")
    assert wire["inputSchema"]["required"] == ["team"]
    assert wire["inputSchema"]["properties"]["since"]["description"] == "Not before"
    assert set(wire["outputSchema"]["$defs"]) == {"Person"}
    assert called(oldest, team={"people": [ADA]}) == ADA


def test_methods_partials_callables_and_async_functions_are_functions_too():
    class Counter:
        def __init__(self) -> None:
            self.count = 0

        def add(self, by: int) -> int:
            self.count += by
            return self.count

        async def __call__(self) -> int:
            return self.count

    counter = Counter()
    assert called(counter.add, by="2") == 2
    assert called(functools.partial(counter.add, by=3)) == 5
    assert called(counter) == 5
    assert function_tool(counter).name == "Counter"


def test_a_function_that_declares_no_result_gives_what_it_gives():
    def anything(value):
        return {"day": date(2026, 1, 2), "value": value}

    assert called(anything, value=[1]) == {"day": "2026-01-02", "value": [1]}
    assert "outputSchema" not in function_tool(anything).wire


def test_wrong_arguments_and_results_are_said():
    def lies() -> int:
        return "many"

    with pytest.raises(ArgumentsError, match=r"people\.0\.born"):
        called(oldest, team={"people": [{"name": "Ada", "born": "once"}]})
    with pytest.raises(ToolFailedError, match="lies returned what it doesn't declare"):
        called(lies)


def test_hints_are_those_of_mcp():
    @hints(destructive=True, reads=False)
    def delete() -> None: ...

    assert function_tool(delete).wire["annotations"] == {"readOnlyHint": False, "destructiveHint": True}


def test_what_cannot_be_a_tool_is_refused_with_the_reason():
    def by_place(*values: int) -> None: ...

    def odd(value: threading.Lock) -> None: ...  # noqa: F821 - that is the point

    for function, said in ((by_place, "by position alone"), (odd, "name 'threading'"), (lambda: 1, "no name")):
        with pytest.raises(UsageError, match=said):
            function_tool(function)


def test_import_codegen_stays_free_of_what_it_can_do():
    code = "import codegen, sys; print([m for m in ('pydantic', 'mcp', 'asyncio', 'dataclasses') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
