"""The calls that a module's source can make."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from codegen.policy.bindings import bindings
from codegen.policy.calls import Found, find_calls
from codegen.policy.conditions import Unknown, is_known
from codegen.policy.values import constants


def found(source: str) -> Found:
    tree = ast.parse(source)
    return find_calls(tree, bindings(tree), lambda path: frozenset({path}))


def paths(source: str) -> list[str]:
    return [f"{call.path}{' handed on' * call.handed_on}" for call in found(source).calls]


def unclear(source: str) -> list[tuple[int, str]]:
    return [(each.line, each.reach) for each in found(source).unclear]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from servers.shop import pay\npay()", ["shop.pay"]),
        ("from servers.shop import pay as p\np()\np()", ["shop.pay", "shop.pay"]),
        ("from servers.shop.pay import pay\npay()", ["shop.pay"]),
        ("from servers import shop as s\ns.pay()", ["shop.pay"]),
        ("import servers\nservers.shop.pay()", ["shop.pay"]),
        ("import servers.shop.pay\nservers.shop.pay()", ["shop.pay"]),
        ("import servers.shop as s\ns.pay()", ["shop.pay"]),
        ("import servers.shop.pay as m\nm.pay()", ["shop.pay"]),
        ("def f():\n    from servers.shop import pay\n    return pay()", ["shop.pay"]),
        ("from servers import shop\ns = shop\np = s.pay\np()", ["shop.pay"]),
        ("from servers import shop\n(p := shop.pay)()", ["shop.pay handed on"]),
        ("from servers import shop\ngetattr(shop, 'pay')()", ["shop.pay"]),
        ("import importlib\nimportlib.import_module('servers.shop').pay()", ["shop.pay"]),
        ("from importlib import import_module as im\ns = im('servers.shop')\ns.pay()", ["shop.pay"]),
        ("__import__('servers').shop.pay()", ["shop.pay"]),
        ("from servers.shop import pay\nif x:\n    t = pay\nelse:\n    t = print\nt()", ["shop.pay"]),
        ("from servers.shop import pay\nmap(pay, [])", ["shop.pay handed on"]),
        ("from servers.shop import pay\ntools = {'pay': pay}", ["shop.pay handed on"]),
        ("from servers.shop import pay\nclass A:\n    do = pay", ["shop.pay handed on"]),
        ("from servers.shop import pay\na, b = pay, 1", ["shop.pay handed on"]),
        ("from servers.shop import pay\ndef f(do=pay):\n    do()", ["shop.pay handed on"]),
        ("from servers import gather\nfrom servers.shop import pay\ngather(lambda: pay())", ["shop.pay"]),
        ("from servers.shop import pay, get\npay(to=get())", ["shop.get", "shop.pay"]),
        ("from servers.shop import pay\nawait_ = pay().x.y[pay()]", ["shop.pay", "shop.pay"]),
        ("from servers.perplexity import ask\nask()", ["perplexity.ask"]),
        ("from servers import shop, ToolError, gather, step\nx = ToolError, gather, step", []),
        ("from servers.shop.pay import Receipt\nx: Receipt = {}", []),
        ("from servers.shop import pay", []),
        ("from .servers.shop import pay\npay()", []),
        ("import json\njson.dumps(1)\nprint(pay)", []),
    ],
)
def test_calls_are_found_under_whatever_name(source: str, expected: list[str]) -> None:
    assert sorted(paths(source)) == expected
    assert unclear(source) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from servers import shop\nx = 1\ngetattr(shop, name)()", [(3, "shop.*")]),
        ("from servers import shop\nf(shop)", [(2, "shop.*")]),
        ("import servers\nf(servers)", [(2, "*.*")]),
        ("from servers import shop\nshop.__dict__['pay']()", [(2, "shop.*")]),
        ("from servers import shop\nvars(shop)['pay']()", [(2, "shop.*")]),
        ("from servers import shop\nfor s in [shop]:\n    s.pay()", [(2, "shop.*")]),
        ("from servers.shop import pay\npay.__globals__['call']('a', 'b', {})", [(2, "shop.*")]),
        ("from servers.shop import *\npay()", [(1, "shop.*")]),
        ("from servers import *", [(1, "*.*")]),
        ("from servers._client import call\ncall('shop', 'pay', {})", [(2, "*.*")]),
        ("import servers\nservers._client.call('shop', 'pay', {})", [(2, "*.*")]),
        ("from servers.shop.pay import call\ncall('shop', 'drop', {})", [(2, "*.*")]),
        ("from servers._client import UNSET, gather", []),
        ("import importlib\nimportlib.import_module(f'servers.{x}')", [(2, "*.*")]),
        ("import importlib\nimportlib.import_module('.shop', 'servers')", [(2, "*.*")]),
        ("import importlib\nload = importlib.import_module", [(2, "*.*")]),
        ("__import__(name)", [(1, "*.*")]),
        ("eval('1')", [(1, "*.*")]),
        ("run = exec\nrun('1')", [(1, "*.*"), (2, "*.*")]),
        ("import sys\nsys.modules['servers.shop'].pay()", [(2, "*.*")]),
        ("globals()['pay']()", [(1, "*.*")]),
        ("import runpy\nrunpy.run_path('x')", [(2, "*.*")]),
        ("import re\nre.compile('x').exec('y')", []),
    ],
)
def test_what_only_a_run_will_show_is_named_with_its_line(source: str, expected: list[tuple[int, str]]) -> None:
    assert unclear(source) == expected


def arguments(call: str, before: str = "") -> dict[str, Any]:
    (made,) = found(f"from servers.shop import pay\n{before}\npay({call})").calls
    return made.arguments


def test_arguments_are_known_as_far_as_they_are_written_there() -> None:
    assert arguments("a=1, b=-2.5, c='x' 'y', d=None, e=True, f=[1, (2, 'z')], g={'k': {'l': 1}}") == {
        "a": 1, "b": -2.5, "c": "xy", "d": None, "e": True, "f": [1, [2, "z"]], "g": {"k": {"l": 1}},
    }  # fmt: skip
    assert arguments("a=60 * 60 - 1, b='x' + 'y', c=f'z'") == {"a": 3599, "b": "xy", "c": "z"}
    assert arguments("a=LIMIT, b=name", "LIMIT = 5\ndef f():\n    name = 'x'") == {"a": 5, "b": "x"}
    assert arguments("**{'a': 1}, b=2") == {"a": 1, "b": 2}
    assert arguments("a=UNSET, b=1", "from servers._client import UNSET") == {"b": 1}
    for source in (
        "x",
        "f()",
        "[*x]",
        "f'{x}'",
        "1 / 2",
        "2 ** 99",
        "'x' * 99",
        "b'x'",
        "-'x'",
        "x if y else z",
        "{1: 2}",
    ):
        assert not is_known(arguments(f"a={source}")["a"]), source
    nested = arguments("a={'k': x, **y, 'l': 1}, b=[1, x]")
    assert nested["a"] == Unknown({"l": 1})
    assert isinstance(nested["a"], Unknown)
    assert nested["b"] == [1, Unknown()]
    for call in ("**given", "1", "*given"):
        assert isinstance(arguments(call), Unknown), call
    assert not isinstance(arguments("a=x"), Unknown)


def test_what_calls_its_first_argument_hands_on_the_others() -> None:
    before = "import asyncio, functools\nfrom servers.shop import pay\n"
    for call, expected in {"asyncio.to_thread(pay, a=1)": {"a": 1}, "pool.submit(pay, a=x)": {"a": Unknown()}}.items():
        (made,) = found(before + call).calls
        assert (made.arguments, type(made.arguments), made.handed_on) == (expected, dict, False)
    (made,) = found(f"{before}functools.partial(pay, a=1)").calls
    assert made.arguments == Unknown({"a": 1})
    assert isinstance(made.arguments, Unknown), "more may come"


@pytest.mark.parametrize(
    "again",
    ["LIMIT = 6", "LIMIT += 1", "for LIMIT in x: pass", "def f(LIMIT): pass", "import LIMIT", "def LIMIT(): pass",
     "try: pass\nexcept E as LIMIT: pass", "with x as LIMIT: pass", "[0 for LIMIT in x]", "del LIMIT",
     "match x:\n    case [LIMIT, *y]: pass", "match x:\n    case {**LIMIT}: pass", "from a import b as LIMIT",
     "(LIMIT := 3)", "class LIMIT: pass", "lambda LIMIT: 1"],
)  # fmt: skip
def test_a_name_that_is_bound_twice_is_no_constant(again: str) -> None:
    assert constants(ast.parse("LIMIT = 5")) == {"LIMIT": 5}
    assert "LIMIT" not in constants(ast.parse(f"LIMIT = 5\n{again}"))


@pytest.mark.parametrize(
    ("source", "looped"),
    [
        ("for x in y:\n    pay()", True),
        ("for x in pay():\n    pass", False),
        ("for x in y:\n    pass\nelse:\n    pay()", False),
        ("while pay():\n    pass", True),
        ("[pay() for x in y]", True),
        ("[x for x in pay()]", False),
        ("[x for x in y for z in pay()]", True),
        ("[x for x in y if pay()]", True),
        ("{x: pay() for x in y}", True),
        ("map(pay, y)", True),
        ("pool.map(lambda x: pay(to=x), y)", True),
        ("pay()", False),
        ("gather(lambda: pay())", False),
        ("def f():\n    for x in y:\n        def g():\n            pay()", True),
    ],
)
def test_what_may_run_again_is_marked(source: str, looped: bool) -> None:
    (call,) = found(f"from servers.shop import pay\n{source}").calls
    assert call.in_loop is looped


def test_a_chain_of_thousands_is_no_trouble() -> None:
    steps = "".join(f"x = x.a{number}\ny = x.b{number}\nx = y\n" for number in range(300))
    assert "shop.pay" in paths(f"from servers import shop as x\nfrom helpers import *\n{steps}x.pay()\nprint(y, z)")
    source = f"from servers.shop import pay\nx = {'+'.join(['1'] * 900)} + pay()"
    assert paths(source) == ["shop.pay"]
