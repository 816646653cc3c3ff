from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from codegen.generate.check import check_module
from codegen.generate.module import Module, generate_module
from codegen.model import Tool


@pytest.fixture
def module(tool: Callable[..., Tool]) -> Module:
    node = {"type": "object", "properties": {"n": {"$ref": "#/$defs/Node"}, "$k": {"enum": ["a", -1]}}}
    a = {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}
    schema = {"properties": {"a": a, "b-c": {"type": "array", "items": {}}}, "required": ["a"], "$defs": {"Node": node}}
    return generate_module(tool(schema=schema), "do_it")


def test_what_the_generator_writes_passes(module: Module) -> None:
    assert check_module(module) == ""


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        ("    return", "    import os\n    return", "body"),
        ("from .._client import", "import os\nfrom .._client import", "import"),
        ("from .._client import", "from .._client import exchange,", "import"),
        ("from .._client", "from ..client", "import"),
        ("def do_it", "print(1)\n\n\ndef do_it", "no type"),
        ("def do_it", "x: int = print(1)\n\n\ndef do_it", "no type"),
        ("def do_it", "@print\ndef do_it", "not the tool's"),
        ("def do_it", "def do_that", "not the tool's"),
        ("def do_it", "async def do_it", "function"),
        ("= UNSET", "= print(1)", "UNSET"),
        ("*,\n", "", "position"),
        ("b_c:", "b_d:", "parameters"),
        ("list[Any]", "list[print(1)]", "annotation"),
        ("list[Any]", "list[os]", "annotation"),
        ("-> Any", "-> 5", "annotation"),
        ("-> Any", "-> call", "annotation"),
        ("-> Any", "-> Any | (Any and print(1))", "annotation"),
        ("-> Any", "-> Any & Any", "annotation"),
        ("-> Any", "-> 'print(1)'", "annotation"),
        ("-> Any", "-> Literal[f'{print(1)}']", "annotation"),
        ('call("srv"', 'call("other"', "another tool"),
        ('"do_it", locals()', '"do_that", locals()', "another tool"),
        ("locals()", "globals()", "parameters"),
        ('"b_c": "b-c"', '"b_c": "b-d"', "wire"),
        ("return call", "return eval", "client"),
        ("NotRequired[", "NotRequired[print(1), ", "no type"),
        ("return", "return (", "parse"),
        ("def do_it", "def do_it\0", "parse"),
    ],
)
def test_anything_else_is_found(before: str, after: str, finding: str, module: Module) -> None:
    assert before in module.text
    assert finding in check_module(replace(module, text=module.text.replace(before, after, 1)))
