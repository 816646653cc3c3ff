"""Nothing that a schema holds makes the generator raise, run on, or touch anything but its own memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from cProfile import Profile
from pathlib import Path
from typing import Any

import pytest
from generate.hostile import SCHEMAS

from codegen.generate.alias import generate_alias
from codegen.generate.check import check_module
from codegen.generate.module import generate_module
from codegen.model import Tool

MOST_CALLS = 1_000_000
"""Python calls that one schema may cost: half a second's at most, where a bomb costs billions."""


MOST_TEXT = 600_000
"""Characters of a module, whatever its schema; a real one has 17,000."""


def calls(work: Callable[[], None]) -> int:
    """How many Python calls a piece of work makes."""
    profile = Profile(builtins=False)
    profile.enable()
    try:
        work()
    finally:
        profile.disable()
    return sum(entry.callcount for entry in profile.getstats())


def as_parameter(schema: Any) -> dict[str, Any]:
    root = {"type": "object", "properties": {"a": schema}, "required": ["a"]}
    return {"inputSchema": {**root, "$defs": schema.get("$defs", {})}}


PLACES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "parameter": as_parameter,
    "root": lambda schema: {"inputSchema": schema},
    "result": lambda schema: {"inputSchema": {}, "outputSchema": schema},
}


@pytest.fixture(params=SCHEMAS, scope="module")
def schema(request: pytest.FixtureRequest) -> Any:
    return SCHEMAS[request.param]()


@pytest.mark.parametrize("place", PLACES)
def test_a_hostile_schema_costs_only_its_corner(schema: Any, place: str) -> None:
    tool = Tool("s", "t", PLACES[place](schema))

    def work() -> None:
        module = generate_module(tool, "do_it")
        assert check_module(module) == ""
        assert len(module.text) < MOST_TEXT

    assert calls(work) < MOST_CALLS


@pytest.mark.parametrize("faithful", [True, False])
def test_a_hostile_schema_has_a_type(schema: Any, faithful: bool) -> None:
    def work() -> None:
        assert "RootT = " in generate_alias(schema, faithful=faithful)

    assert calls(work) < MOST_CALLS


AUDITED = """
import gc, sys
sys.path.insert(0, sys.argv[1])
from generate.hostile import SCHEMAS
from generate.test_hostile import PLACES
from codegen.generate.package import generate_package
from codegen.model import Catalogue, ServerInfo, Tool

def generate(tool):
    assert len(generate_package(Catalogue(ServerInfo("s"), (tool,))).modules) == 1, tool.name

gc.disable()
seen, watching = set(), False
sys.addaudithook(lambda event, arguments: watching and seen.add(event))
for name in ["itself", *SCHEMAS]:
    generate(Tool("s", name, PLACES["parameter"](SCHEMAS[name]())))
    watching = True  # from the second on: what is imported late is imported
print(sorted(seen))
"""


def test_generating_opens_starts_and_imports_nothing() -> None:
    tests = Path(__file__).resolve().parents[1]
    done = subprocess.run([sys.executable, "-c", AUDITED, tests], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "['builtins.id', 'compile']", done.stdout + done.stderr
