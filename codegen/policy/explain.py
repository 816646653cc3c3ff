"""Decisions for people: what may become of calls, and why a rule is not about one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from codegen.config.policy import Condition, Rule
from codegen.generate.literals import one_line
from codegen.model import Json, JsonObject, Tool
from codegen.policy.conditions import condition_test, values_at
from codegen.policy.policy import Outcome, Policy
from codegen.policy.rules import Decision, hints_of
from codegen.policy.wording import about, condition

WIDTH = 80
"""Characters shown of a value."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A rule that was looked at, the calls it is about, and why this one is none of them; empty where it decides."""

    rule: str
    about: str
    why_not: str


def explained(policy: Policy, tool: Tool, arguments: JsonObject) -> tuple[Decision, tuple[Looked, ...]]:
    """What decides a call, and the rules that were looked at, in their order, the one that decides included."""
    of_tool = policy.of(tool)
    decision = of_tool.decide(arguments)
    looked: list[Looked] = []
    for rule in policy.rules:
        if rule.name == decision.rule:
            return decision, (*looked, Looked(rule.name, about(rule), ""))
        why_not = _of_tool(rule, tool, hints_of(of_tool.facts)) or _of_arguments(rule, arguments)
        looked.append(Looked(rule.name, about(rule), why_not))
    return decision, tuple(looked)


def foreseen(outcomes: Sequence[Outcome]) -> str:
    """`ask when amount is above 100 (#1), else allow (default)`."""
    if len({outcome.decision.action for outcome in outcomes}) == 1:
        outcomes = [*outcomes[-1:]]
    parts = []
    for outcome in outcomes:
        decision = outcome.decision
        rule = "default" if decision.rule.startswith("default") else short_name(decision.rule)
        condition = f" when {outcome.when}" if outcome.when and len(outcomes) > 1 else ""
        parts.append(f"{decision.action}{condition} ({rule})")
    return ", else ".join(parts)


def short_name(rule: str) -> str:
    """`#1` for `codegen.toml [[policy]] #1`."""
    return rule.removeprefix("codegen.toml ").removeprefix("[[policy]] ")


def _of_tool(rule: Rule, tool: Tool, hints: frozenset[str]) -> str:
    if not fnmatchcase(tool.server, rule.server):
        return one_line(f"the server is {tool.server}")
    if not fnmatchcase(tool.name, rule.tool):
        return one_line(f"the tool is {tool.name}", 200)
    if rule.hints and hints.isdisjoint(rule.hints):
        return f"the tool is {', '.join(sorted(hints))}"
    return ""


def _of_arguments(rule: Rule, arguments: JsonObject) -> str:
    every = rule.decision == "allow"
    for each in rule.arguments:
        met = condition_test(each, every=every)(arguments)
        if met is not True:
            return f"{condition(each)}: {_found(each, arguments)}" + ("" if met is False else ", so it can't be told")
    return ""


def _found(each: Condition, arguments: JsonObject) -> str:
    values, lost = values_at(arguments, each.path)
    shown = [_shown(value) for value in values[:3]] + ["…"] * (len(values) > 3)
    if shown:
        return f"{'it is' if len(shown) == 1 else 'they are'} {', '.join(shown)}"
    return "the path leads into something of another shape" if lost else "it isn't given"


def _shown(value: Json) -> str:
    return one_line(json.dumps(value, ensure_ascii=False), WIDTH)
