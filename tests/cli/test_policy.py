"""`codegen policy` and `codegen plan`, and all that docs/policy.md shows of them."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import get_args

import pytest
from conftest import ROOT

from codegen.__main__ import main
from codegen.config import policy as config
from codegen.config.overlays import ServerSettings

DOCUMENT = (ROOT / "docs" / "policy.md").read_text()


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace of the document: the bundled shop, its codegen.toml and its script."""
    shutil.copytree(ROOT / "servers", tmp_path / "servers")
    (tmp_path / "codegen.toml").write_text(blocks("toml")[0])
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "count.py").write_text(blocks("python")[0])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(block: str) -> list[tuple[str, str]]:
    """The commands of a block, each with what it prints."""
    parts = re.split(r"^\$ codegen (.*)\n", block, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize(("command", "output"), [each for block in blocks("console") for each in shown(block)])
def test_the_document_shows_what_is_printed(place: Path, capsys: pytest.CaptureFixture, command: str, output: str):
    main(shlex.split(command))
    printed = capsys.readouterr().out
    assert re.fullmatch(re.escape(output.strip()).replace(r"\[…\]", r"\[.*\]"), printed.strip()), printed


def test_the_document_names_every_key_test_and_hint():
    rule, tests, servers = (
        set(re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)) for table in DOCUMENT.split("|---|")[1:]
    )
    names = [set(re.findall(r"`(\w+)`", " ".join(cells))) for cells in (rule, tests, servers)]
    assert names[0] == set(config.Rule.__dataclass_fields__) - {"number"}
    assert names[1] == set(config._TESTS)
    assert names[2] == {"hints", "reads", "writes", "destructive", "idempotent"}
    assert names[2] <= set(ServerSettings.__dataclass_fields__)
    assert set(get_args(config.Action)) == {"allow", "deny", "ask"}
    assert all(f"`{hint}`" in DOCUMENT for hint in config._HINTS)


@pytest.mark.parametrize(
    ("tool", "given", "code"),
    [
        ("shop.get_stock", {}, 0),
        ("shop.send_message", {"channel": "letter"}, 3),
        ("shop.send_message", {}, 0),
        ("shop.delete_order", {}, 4),
        ("shop.delete_order", {"order_id": 1}, 0),
        ("shop.delete_order", {"order_id": "1"}, 4),
        ("shop.adjust_stock", {"change": "-1"}, 4),
    ],
)
def test_check_exits_with_the_decision(place: Path, tool: str, given: dict, code: int):
    assert main(["policy", "check", tool, "--args", json.dumps(given)]) == code


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["check", "shop.nothing"], 2, "no tool is called"),
        (["check", "shop.get_order", "--args", "{"], 2, "--args is no JSON"),
        (["check", "shop.get_order", "--args", "[1]"], 2, "--args is no object"),
        (["show", "--server", "shopp"], 2, "did you mean shop?"),
    ],
)
def test_what_can_not_be_answered_says_so(place: Path, capsys, words: list[str], code: int, said: str):
    assert main(["policy", *words]) == code
    assert said in capsys.readouterr().err


def test_a_tool_that_codegen_toml_leaves_out_is_denied(place: Path, capsys):
    (place / "codegen.toml").write_text('[servers.shop]\ndeny = ["get_*"]\n')
    assert main(["policy", "check", "shop.get_order"]) == 3
    assert 'denied by codegen.toml: [servers.shop] deny "get_*"' in capsys.readouterr().err


def test_show_lists_rules_and_tools_with_what_becomes_of_their_calls(place: Path, capsys):
    assert main(["policy", "show", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["version"] == 1
    assert [(rule["number"], rule["decision"]) for rule in document["rules"]] == [(1, "ask"), (2, "deny"), (3, "allow")]
    assert len(document["tools"]) == 19
    (drop,) = (tool for tool in document["tools"] if tool["path"] == "shop.delete_order")
    assert (drop["effect"], drop["source"]) == ("destructive", "the server's hint")
    assert [(each["action"], each["when"]) for each in drop["decisions"]] == [
        ("allow", "order_id is one of [1, 2, 3]"),
        ("ask", ""),
    ]
    assert main(["policy", "--server", "shop"]) == 0
    printed = capsys.readouterr().out
    assert '#2  deny   shop.send_message where channel is "letter"' in printed
    assert re.search(
        r"shop.delete_order +destructive +the server's hint +allow when .* \(#3\), else ask \(default\)", printed
    )


def test_a_plan_is_a_versioned_document(place: Path, capsys):
    assert main(["plan", "scripts/count.py", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document.keys() == {"version", "files", "tools", "writes", "asks", "denied", "calls", "unclear"}
    assert document["version"] == 1
    assert document["writes"] == document["tools"] == ["shop.adjust_stock", "shop.delete_order", "shop.send_message"]
    assert (document["asks"], document["denied"]) == (["shop.adjust_stock"], ["shop.send_message"])
    adjust = document["calls"][0]
    assert (adjust["line"], adjust["arguments"], adjust["unknown"]) == (8, {"warehouse": "north"}, ["sku", "change"])
    assert (adjust["in_loop"], adjust["handed_on"], adjust["all_shown"]) == (True, False, True)
    assert [each["reach"] for each in document["unclear"]] == ["shop.*"]


def test_a_plan_reads_code_of_the_command_line_and_refuses_what_is_no_python(place: Path, capsys):
    assert main(["plan", "-c", "print(1)"]) == 0
    assert capsys.readouterr().out == "no tool is named\n"
    assert main(["plan", "-c", "def f(:"]) == 3
    assert "<-c>: not Python" in capsys.readouterr().err
    assert main(["plan", "scripts/none.py"]) == 2


def test_a_plan_exits_as_the_check_would_where_a_tool_is_not_there(place: Path, capsys):
    (place / "skills").mkdir()
    (place / "skills" / "old.py").write_text("from servers.shop import nope\ndef old(): nope()\n")
    assert main(["plan", "-c", "from skills.old import old\nold()"]) == 0, (
        "a run isn't refused for what a skill imports"
    )
    assert main(["plan", "-c", "from servers.shop import nope\nnope()\nnope()", "--json"]) == 3
    printed = capsys.readouterr()
    assert json.loads(printed.out.splitlines()[-1])["unclear"][0]["reach"] == "shop.nope"
    assert printed.err == "codegen run refuses this script: there is no tool shop.nope\n"
    (place / "codegen.toml").write_text('[servers.shop]\ndeny = ["get_order"]\n')
    assert main(["plan", "-c", "from servers.shop import get_order\nget_order(order_id=1)"]) == 3
