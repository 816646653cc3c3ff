"""What decides a call: rules in their order, hints, a person's word, and what goes where nobody says anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy.written import ARGUMENTS, RULES

from codegen.config.overlays import ServerSettings
from codegen.config.policy import Rule
from codegen.config.settings import Settings
from codegen.generate.overlay import overlaid
from codegen.model import Catalogue, ServerInfo, Tool
from codegen.policy.facts import facts_of, is_write
from codegen.policy.policy import Policy, open_policy

Read = Callable[[str], Policy]


def tool(name: str = "pay", server: str = "shop", schema: dict[str, Any] | None = None, **hints: bool) -> Tool:
    return Tool(server, name, {"name": name, "inputSchema": schema or {}, "annotations": {**hints}})


DROP = tool("drop", readOnlyHint=False, destructiveHint=True)
GET = tool("get", readOnlyHint=True)


def said(policy: Policy, asked: Tool, /, **arguments: Any) -> tuple[str, str]:
    decision = policy.of(asked).decide(arguments)
    return decision.action, decision.rule.removeprefix("codegen.toml [[policy]] ")


def test_where_nothing_is_said_destructive_tools_ask_and_all_others_are_called() -> None:
    policy = open_policy(Settings())
    assert said(policy, DROP) == ("ask", "default: destructive asks")
    for other in (GET, tool(), tool(readOnlyHint=False), tool(destructiveHint=False)):
        assert said(policy, other) == ("allow", "default: allowed")
    assert policy.of(DROP).decide({}).why == "it may destroy something, by the server's hint"


def test_the_first_rule_that_is_about_a_call_decides_it(policy: Read) -> None:
    asked = policy("""
        [[policy]]
        tool = "shop.pay"
        arguments = { amount = { above = 100 } }
        decision = "ask"
        reason = "large payments are looked at"
        [[policy]]
        tool = "shop.*"
        decision = "allow"
        [[policy]]
        hints = ["reads"]
        decision = "allow"
        [[policy]]
        decision = "deny"
    """)
    assert said(asked, tool(), amount=150) == ("ask", "#1")
    assert said(asked, tool(), amount=100) == ("allow", "#2")
    assert said(asked, DROP) == ("allow", "#2")
    assert said(asked, tool("get", "bank", readOnlyHint=True)) == ("allow", "#3")
    assert said(asked, tool("put", "bank")) == ("deny", "#4")
    assert asked.of(tool()).decide({"amount": 150}).why == "large payments are looked at (amount is above 100)"
    assert asked.of(DROP).decide({}).why == "shop.*"


def test_what_can_not_be_told_never_lets_a_call_pass(policy: Read) -> None:
    asked = policy("""
        [[policy]]
        tool = "pay"
        arguments = { amount = { above = 100 } }
        decision = "deny"
        [[policy]]
        tool = "send"
        arguments = { to = { matches = "*@here" } }
        decision = "allow"
        [[policy]]
        tool = "send"
        decision = "deny"
    """)
    assert said(asked, tool(), amount="150") == ("deny", "#1")
    assert "can't be told" in asked.of(tool()).decide({"amount": "150"}).why
    assert said(asked, tool("send"), to="a@here") == ("allow", "#2")
    assert said(asked, tool("send"), to=["a@here", "b@there"]) == ("deny", "#3")


def test_a_rule_that_allows_wants_every_value_and_one_that_denies_any(policy: Read) -> None:
    allows, denies = (
        policy(f"""
            [[policy]]
            arguments = {{ "to.*" = {{ matches = "*@here" }} }}
            decision = "{decision}"
            [[policy]]
            decision = "ask"
        """)
        for decision in ("allow", "deny")
    )
    assert [said(allows, tool(), to=to)[0] for to in (["a@here"], ["a@here", "b@there"])] == ["allow", "ask"]
    assert [said(denies, tool(), to=to)[0] for to in (["b@there"], ["a@here", "b@there"])] == ["ask", "deny"]


def test_an_argument_that_is_left_out_counts_as_its_default_where_that_makes_a_call_harder(policy: Read) -> None:
    schema = {"properties": {"dry": {"default": False}, "all": {"default": True}, "odd": True}}
    asked = policy("""
        [[policy]]
        arguments = { all = true }
        decision = "ask"
        [[policy]]
        arguments = { dry = false }
        decision = "allow"
        [[policy]]
        arguments = { all = { present = false } }
        decision = "deny"
    """)
    pay = tool(schema=schema)
    assert said(asked, pay) == ("ask", "#1")
    assert said(asked, pay, all=False) == ("allow", "default: allowed"), "a default is no reason to let pass"
    assert said(asked, pay, all=False, dry=False) == ("allow", "#2")
    assert said(asked, tool()) == ("deny", "#3")


@pytest.mark.parametrize(
    ("hints", "settings", "effect", "source"),
    [
        ({}, {}, "unknown", "the server says nothing"),
        ({"readOnlyHint": True}, {}, "reads", "the server's hint"),
        ({"readOnlyHint": True}, {"hints": "ignore"}, "unknown", '[servers.shop] hints = "ignore"'),
        ({"readOnlyHint": False}, {"hints": "ignore"}, "unknown", '[servers.shop] hints = "ignore"'),
        ({"destructiveHint": True}, {"hints": "ignore"}, "destructive", "the server's hint"),
        ({"readOnlyHint": True}, {"writes": ("p*",)}, "writes", '[servers.shop] writes "p*"'),
        ({}, {"reads": ("pay",), "destructive": ("x", "*")}, "destructive", '[servers.shop] destructive "*"'),
        ({"destructiveHint": True}, {"hints": "ignore", "reads": ("pay",)}, "reads", '[servers.shop] reads "pay"'),
    ],
)
def test_a_persons_word_goes_before_the_servers(
    hints: dict[str, bool], settings: dict[str, Any], effect: str, source: str
) -> None:
    facts = facts_of(tool(**hints), ServerSettings(**settings))
    assert (facts.effect, facts.source) == (effect, source)
    assert is_write(facts) is (effect != "reads")


def test_idempotent_and_open_world_are_as_mcp_has_them_and_a_read_may_always_be_repeated() -> None:
    trusted, ignored = ServerSettings(), ServerSettings(hints="ignore")
    hinted = tool(idempotentHint=True, openWorldHint=False)
    assert (facts_of(tool(), trusted).idempotent, facts_of(tool(), trusted).open_world) == (False, True)
    assert (facts_of(hinted, trusted).idempotent, facts_of(hinted, trusted).open_world) == (True, False)
    assert (facts_of(hinted, ignored).idempotent, facts_of(hinted, ignored).open_world) == (False, True)
    assert facts_of(GET, trusted).idempotent
    assert not facts_of(hinted, ServerSettings(writes=("*",))).idempotent, "the server was wrong about the tool"
    assert facts_of(tool(), ServerSettings(idempotent=("p*",))).idempotent


def test_rules_go_by_hints_as_they_count(policy: Read) -> None:
    asked = policy("""
        [[policy]]
        hints = ["unknown", "destructive"]
        decision = "ask"
        [[policy]]
        hints = ["idempotent"]
        decision = "deny"
        [servers.shop]
        hints = "ignore"
        idempotent = ["get"]
        writes = ["get"]
    """)
    assert said(asked, GET) == ("deny", "#2")
    assert said(asked, tool(readOnlyHint=True)) == ("ask", "#1")
    assert said(asked, tool(server="bank", readOnlyHint=True)) == ("deny", "#2")
    assert said(asked, tool(server="bank", readOnlyHint=False)) == ("allow", "default: allowed")


def test_a_server_can_not_call_its_tool_into_another_servers_rule(policy: Read) -> None:
    asked = policy("""
        [[policy]]
        tool = "shop.*"
        decision = "allow"
        [[policy]]
        decision = "deny"
    """)
    assert said(asked, tool("shop.pay", "evil"))[0] == "deny"
    assert said(asked, tool("pay", "Shop"))[0] == "deny"
    assert said(asked, tool("files.pay"))[0] == "allow"


def test_the_policy_of_a_tool_is_made_once_for_each_definition() -> None:
    policy = open_policy(Settings())
    assert policy.of(tool()) is policy.of(tool())
    changed = policy.of(tool(destructiveHint=True))
    assert (changed.effect, changed.reads, changed.idempotent) == ("destructive", False, False)
    assert policy.of(tool()).effect == "unknown"


def test_a_tool_without_rules_on_arguments_is_decided_without_looking_at_them(policy: Read) -> None:
    asked = policy("""
        [[policy]]
        tool = "pay"
        decision = "deny"
        [[policy]]
        tool = "drop"
        arguments = { all = true }
        decision = "deny"
    """)

    class Unseen(dict[str, Any]):
        def __contains__(self, key: object) -> bool:
            raise KeyError(key)

    assert asked.of(tool()).decide(Unseen()).action == "deny"
    assert asked.of(GET).decide(Unseen()).action == "allow"
    with pytest.raises(KeyError):
        asked.of(DROP).decide(Unseen())


@given(st.lists(RULES, max_size=5), ARGUMENTS, st.booleans())
def test_any_json_gets_the_decision_of_the_first_rule_that_alone_would_give_one(
    rules: list[Rule], arguments: dict[str, Any], reads: bool
) -> None:
    asked = tool(readOnlyHint=reads, schema={"properties": {"a": {"default": 1}}})
    alone = [open_policy(Settings(policy=(rule,))).of(asked).decide(arguments) for rule in rules]
    first = next((at for at, each in enumerate(alone) if not each.rule.startswith("default")), None)
    numbered = tuple(replace(rule, number=number) for number, rule in enumerate(rules, 1))
    decision = open_policy(Settings(policy=numbered)).of(asked).decide(arguments)
    if first is None:
        assert decision.rule == "default: allowed"
    else:
        assert (decision.action, decision.why) == (alone[first].action, alone[first].why)
        assert decision.rule == numbered[first].name


@given(st.sampled_from(["trust", "ignore"]), st.sets(st.sampled_from(["reads", "writes", "destructive", "idempotent"])))
def test_it_is_the_same_for_the_tool_as_codegen_toml_shows_it(trust: Any, keys: set[str]) -> None:
    settings = ServerSettings(hints=trust, **dict.fromkeys(keys, ("*",)))  # type: ignore[arg-type]
    for each in (DROP, GET, tool(), tool(idempotentHint=True, openWorldHint=False)):
        (shown,) = overlaid(Catalogue(ServerInfo("shop"), (each,)), settings).tools
        assert facts_of(shown, settings) == facts_of(each, settings)
        assert shown.effect == facts_of(each, settings).effect
