"""The [[policy]] rules of codegen.toml."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from codegen.config.policy import Condition, Rule
from codegen.config.settings import load_settings
from codegen.errors import ConfigError


def rules(folder: Path, text: str) -> tuple[Rule, ...]:
    path = folder / "codegen.toml"
    path.write_text(text)
    return load_settings(path).policy


def test_every_key_is_read_and_rules_keep_their_order(tmp_path: Path) -> None:
    first, second = rules(
        tmp_path,
        r"""
        [[policy]]
        server = "sh*"
        tool = "pay.*"
        hints = ["writes", "open_world"]
        arguments."to.country" = { one_of = ["NO", "SE"], present = true }
        arguments.'items.*.a\.b' = { above = 1, at_most = 2.5, matches = '/^x/' }
        arguments.note = "plain"
        arguments.box = { equals = { a = [1, true] } }
        decision = "ask"
        reason = "far away"
        [[policy]]
        decision = "deny"
        """,
    )
    assert first == Rule(
        number=1,
        decision="ask",
        server="sh*",
        tool="pay.*",
        hints=("writes", "open_world"),
        arguments=(
            Condition(("to", "country"), (("one_of", ["NO", "SE"]), ("present", True))),
            Condition(("items", "*", "a.b"), (("above", 1), ("at_most", 2.5), ("matches", "/^x/"))),
            Condition(("note",), (("equals", "plain"),)),
            Condition(("box",), (("equals", {"a": [1, True]}),)),
        ),
        reason="far away",
    )
    assert second == Rule(2, "deny")
    assert second.name == "codegen.toml [[policy]] #2"


@pytest.mark.parametrize(
    ("tool", "server", "name"),
    [("shop.get_*", "shop", "get_*"), ("*.files.delete", "*", "files.delete"), ("delete_*", "*", "delete_*")],
)
def test_a_tool_may_be_written_with_its_server(tmp_path: Path, tool: str, server: str, name: str) -> None:
    (rule,) = rules(tmp_path, f'[[policy]]\ntool = "{tool}"\ndecision = "deny"')
    assert (rule.server, rule.tool) == (server, name)


RULE = '[[policy]]\ndecision = "deny"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("policy = 'ask'", r"`policy` is \"ask\"\n.*\[\[policy\]\]"),
        ("[policy]\ndecision = 'ask'", r"`policy` is an object\n.*\[\[policy\]\]"),
        ("policy = [1]", r"`\[\[policy\]\] #1` is 1\n.*decision = \"ask\""),
        (RULE + "[[policy]]\ntool = 'x'", r"`\[\[policy\]\] #2` has no decision\n.*\"allow\", \"deny\" or \"ask\""),
        ("[[policy]]\ndecision = 'no'", r"`\[\[policy\]\] #1\.decision` is \"no\"\n.*\"allow\", \"deny\" or \"ask\""),
        (RULE + "tol = 'x'", r"no setting `\[\[policy\]\] #1\.tol`\n.*tool\?"),
        (RULE + "tool = ''", r"#1\.tool` is \"\"\n.*a pattern"),
        (RULE + "tool = 'shop.'", r"#1\.tool` is \"shop\.\"\n.*a pattern"),
        (RULE + "server = 1", r"#1\.server` is 1\n.*a pattern"),
        (RULE + "hints = 'writes'", r"#1\.hints` is \"writes\"\n.*a list of any of reads, writes"),
        (RULE + "hints = ['write']", r"#1\.hints` is a list\n.*a list of any of reads, writes"),
        (RULE + "hints = []", r"#1\.hints` is a list"),
        (RULE + "hints = [{}]", r"#1\.hints` is a list"),
        (RULE + "reason = ' '", r"#1\.reason` is \" \"\n.*says something"),
        (RULE + "arguments = 1", r"#1\.arguments` is 1\n.*conditions by argument"),
        (RULE + "arguments = {}", r"#1\.arguments` is an object\n.*conditions by argument"),
        (RULE + "arguments.'to..x' = 1", r"#1\.arguments` has the path \"to\.\.x\"\n.*items\.\*\.sku"),
        (RULE + "arguments.a = {}", r"#1\.arguments\.a` is an object\n.*one or more of equals, matches"),
        (RULE + "arguments.a = { abov = 1 }", r"#1\.arguments\.a` can't hold `abov`\n.*above\?"),
        (RULE + "arguments.to.country = 'NO'", r"#1\.arguments\.to` can't hold `country`\n.*\"to\.country\""),
        (RULE + "arguments.a = { above = '1' }", r"#1\.arguments\.a\.above` is \"1\"\n.*a number"),
        (RULE + "arguments.a = { above = true }", r"#1\.arguments\.a\.above` is true\n.*a number"),
        (RULE + "arguments.a = { below = nan }", r"#1\.arguments\.a\.below` is nan\n.*a number"),
        (RULE + "arguments.a = { one_of = [] }", r"#1\.arguments\.a\.one_of` is a list\n.*a list of values"),
        (RULE + "arguments.a = { present = 1 }", r"#1\.arguments\.a\.present` is 1\n.*true or false"),
        (RULE + "arguments.a = { present = false, above = 1 }", r"#1\.arguments\.a` is an object\n.*alone"),
        (RULE + "arguments.a = { matches = 1 }", r"#1\.arguments\.a\.matches` is 1\n.*a glob"),
        (RULE + "arguments.a = { matches = '/(/' }", r"#1\.arguments\.a\.matches` is \"/\(/\"\n.*a regex"),
        (RULE + "arguments.a = { matches = '/(a)\\1/' }", r"#1\.arguments\.a\.matches`.*\n.*back-references"),
        (RULE + "arguments.a = 2026-01-31", r"#1\.arguments\.a` is .*\n.*a date goes in quotes"),
        (RULE + "arguments.a = inf", r"#1\.arguments\.a` is inf\n"),
    ],
)
def test_what_can_not_be_used_is_an_error_that_names_file_line_and_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rules(tmp_path, text)
    assert re.search(words, str(caught.value)), str(caught.value)
    assert re.match(rf"{tmp_path}/codegen\.toml, line [1-9]", caught.value.what)
