"""What a script can do, found before it runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codegen.config.paths import Workspace
from codegen.config.settings import load_settings
from codegen.errors import ScriptError, UnknownToolError
from codegen.policy.explain import foreseen
from codegen.workspace.plan import Plan, plan
from codegen.workspace.tools import DeniedToolError, SyncedTools

TOOLS: list[dict[str, Any]] = [
    {"name": "get", "annotations": {"readOnlyHint": True}},
    {"name": "pay", "inputSchema": {"properties": {"amount": {}, "to-whom": {}}}},
    {"name": "drop", "annotations": {"readOnlyHint": False, "destructiveHint": True}},
    {"name": "secret"},
    {"name": "open", "inputSchema": {"properties": {"a": {}}, "additionalProperties": True}},
]
POLICY = """
[[policy]]
tool = "my shop.pay"
arguments = { amount = { above = 100 } }
decision = "ask"
[[policy]]
tool = "my shop.open"
arguments = { b = 1 }
decision = "deny"
[servers."my shop"]
deny = ["secret"]
"""


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    folder = tmp_path / "servers" / "my_shop"
    folder.mkdir(parents=True)
    (folder / ".catalogue.json").write_text(json.dumps({"server": {"name": "my shop"}, "tools": TOOLS}))
    (tmp_path / "codegen.toml").write_text(POLICY)
    for name in ("skills", "scripts"):
        (tmp_path / name).mkdir()
    return Workspace(tmp_path)


def told(made: Plan) -> list[str]:
    return [
        f"{call.file}:{call.line} {call.path} {call.facts.effect} {foreseen(call.outcomes)}{' looped' * call.in_loop}"
        for call in made.calls
    ]


def planned(place: Workspace, source: str) -> list[str]:
    return [
        line.partition(" ")[2] for line in told(plan(place, f"from servers import my_shop as shop\n{source}", "<-c>"))
    ]


def test_each_call_stands_with_its_line_what_it_does_and_what_becomes_of_it(place: Workspace) -> None:
    source = "from servers.my_shop import get, drop\n\ndef main():\n    for x in get():\n        drop(x=1)\n"
    assert told(plan(place, source, "scripts/a.py")) == [
        "scripts/a.py:4 my_shop.get reads allow (default)",
        "scripts/a.py:5 my_shop.drop destructive ask (default) looped",
    ]
    made = plan(place, source, "scripts/a.py")
    assert [call.writes for call in made.calls] == [False, True]
    assert (made.files, made.unclear) == (("scripts/a.py",), ())


def test_argument_rules_are_decided_where_the_source_says_enough(place: Workspace) -> None:
    asks, allows, open_ = "ask (#1)", "allow (default)", "ask when amount is above 100 (#1), else allow (default)"
    for call, expected in {
        "amount=150": asks,
        "amount=100": allows,
        "": allows,
        "amount=x": open_,
        "**given": open_,
        "**given, amount=150": asks,
        "amount=99, **given": allows,
        "amount='150'": asks,
    }.items():
        assert planned(place, f"shop.pay({call})") == [f"my_shop.pay unknown {expected}"], call
    assert planned(place, "list(map(shop.pay, x))") == [f"my_shop.pay unknown {open_} looped"]


def test_arguments_are_held_against_rules_by_the_wires_names(place: Workspace) -> None:
    made = plan(
        place, "from servers import my_shop\nmy_shop.pay(to_whom='ada')\nmy_shop.open(a=1, extra={'b': 1})", "<-c>"
    )
    assert [dict(call.arguments) for call in made.calls] == [{"to-whom": "ada"}, {"a": 1, "b": 1}]
    assert [foreseen(call.outcomes) for call in made.calls] == ["allow (default)", "deny (#2)"]
    assert planned(place, "shop.open(extra=x)") == ["my_shop.open unknown deny when b is 1 (#2), else allow (default)"]


def test_a_tool_that_is_denied_or_not_there_is_said(place: Workspace) -> None:
    made = plan(place, "from servers import my_shop\nmy_shop.secret()\nmy_shop.gett()", "<-c>")
    assert told(made) == ["<-c>:2 my_shop.secret unknown deny ([servers.my shop])"]
    assert [(each.line, each.what) for each in made.unclear] == [
        (3, "my_shop.gett is not in the tree, did you mean my_shop.get?")
    ]


def test_skills_and_what_lies_beside_the_script_are_followed(place: Workspace) -> None:
    (place.skills / "refund.py").write_text("from .low import pay_all\n\ndef refund():\n    pay_all()\n")
    (place.skills / "low.py").write_text("from servers.my_shop import pay\n\ndef pay_all():\n    pay(amount=1)\n")
    (place.scripts / "beside.py").write_text("import beside\nfrom servers.my_shop import get as look\n")
    source = "from skills.refund import refund\nimport beside\nfor x in y:\n    refund()\nbeside.look()\n"
    made = plan(place, source, "scripts/a.py")
    assert sorted(made.files) == ["scripts/a.py", "scripts/beside.py", "skills/low.py", "skills/refund.py"]
    assert sorted(told(made)) == [
        "scripts/a.py:5 my_shop.get reads allow (default)",
        "skills/low.py:4 my_shop.pay unknown allow (default) looped",
    ]


def test_a_tool_may_come_from_a_skill_by_whatever_import(place: Workspace) -> None:
    (place.skills / "low.py").write_text("from servers import my_shop as shop\ntake = shop.pay\n")
    for source in (
        "from skills.low import take\ntake(amount=1)",
        "from skills.low import *\ntake(amount=1)",
        "from skills import low\nlow.take(amount=1)",
        "import skills.low\nskills.low.shop.pay(amount=1)",
    ):
        assert told(plan(place, source, "<-c>")) == ["<-c>:2 my_shop.pay unknown allow (default)"], source


def test_functions_that_a_loop_reaches_are_looped_too(place: Workspace) -> None:
    source = "def low():\n    shop.get()\ndef high():\n    low()\ndef once():\n    shop.get()\nonce()\n"
    assert planned(place, f"{source}for x in y: high()") == [
        "my_shop.get reads allow (default) looped", "my_shop.get reads allow (default)",
    ]  # fmt: skip
    assert planned(place, "def f(n):\n    shop.get()\n    f(n - 1)\n") == ["my_shop.get reads allow (default) looped"]


def test_a_skill_that_can_not_be_read_may_do_anything(place: Workspace) -> None:
    (place.skills / "broken.py").write_text("def f(:")
    made = plan(place, "from skills import broken", "<-c>")
    assert [(each.file, each.reach) for each in made.unclear] == [("skills/broken.py", "*.*")]


def test_a_script_that_is_no_python_is_an_error(place: Workspace) -> None:
    for source in ("def f(:", "\0", "(" * 300):
        with pytest.raises(ScriptError, match="<-c>: not Python"):
            plan(place, source, "<-c>")


def test_a_tool_is_found_by_its_place_or_its_own_name_and_a_denied_one_says_why(place: Workspace) -> None:
    tools = SyncedTools(place, load_settings(place.settings))
    assert tools.find("my_shop.pay")[0] == tools.find("my shop.pay")[0] == "my_shop.pay"
    with pytest.raises(DeniedToolError, match=r'\[servers.my shop\] deny "secret"'):
        tools.find("my_shop.secret")
    with pytest.raises(UnknownToolError, match=r"did you mean my_shop.pay"):
        tools.find("my_shop.pays")
