"""codegen.toml's rules laid on one tool: what decides a call of it, found out once and held ready."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from codegen.config.policy import Action, Rule
from codegen.model import JsonObject, JsonSchema, Tool
from codegen.policy.conditions import Truth, Unknown, all_of, condition_test
from codegen.policy.facts import Facts
from codegen.policy.wording import about, conditions


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a call. `rule` says which rule decides, `why` is a line for people and agents."""

    action: Action
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class ToolRule:
    """A rule that may decide calls of one tool. `unsure` is its decision where its conditions can't be told."""

    rule: Rule
    decision: Decision
    unsure: Decision
    tests: tuple[Callable[[JsonObject], Truth], ...]
    defaults: JsonObject = field(hash=False)

    @property
    def allows(self) -> bool:
        return self.rule.decision == "allow"

    def is_met(self, arguments: JsonObject) -> Truth:
        """Whether all conditions hold, None where it can't be told."""
        fill = self.defaults and not isinstance(arguments, Unknown)
        given = {**self.defaults, **arguments} if fill else arguments
        return all_of(test(given) for test in self.tests)

    def decides(self, arguments: JsonObject) -> Decision | None:
        """The rule's decision if it is about these arguments. What can't be told never lets a call pass."""
        met = self.is_met(arguments)
        if met is None:
            return None if self.allows else self.unsure
        return self.decision if met else None


def rules_for(tool: Tool, facts: Facts, rules: Iterable[Rule]) -> tuple[ToolRule, ...]:
    """The rules that may be about a call of the tool, in their order; none after one that always is."""
    found: list[ToolRule] = []
    for rule in rules:
        if is_about(rule, tool, facts):
            found.append(_tool_rule(rule, tool.input_schema))
            if not rule.arguments:
                break
    return tuple(found)


def is_about(rule: Rule, tool: Tool, facts: Facts) -> bool:
    """Whether a rule may be about calls of a tool, whatever their arguments."""
    return (
        fnmatchcase(tool.server, rule.server)
        and fnmatchcase(tool.name, rule.tool)
        and (not rule.hints or not hints_of(facts).isdisjoint(rule.hints))
    )


def hints_of(facts: Facts) -> frozenset[str]:
    """The words for `hints` that a tool answers to."""
    more = {"idempotent": facts.idempotent, "open_world": facts.open_world}
    return frozenset({facts.effect, *(name for name, so in more.items() if so)})


def default_decision(facts: Facts) -> Decision:
    """What goes where no rule says anything (DESIGN section 7)."""
    if facts.effect == "destructive":
        return Decision("ask", "default: destructive asks", f"it may destroy something, by {facts.source}")
    return Decision("allow", "default: allowed", "no rule in codegen.toml is about this call")


def _tool_rule(rule: Rule, schema: JsonSchema) -> ToolRule:
    allows = rule.decision == "allow"
    where = f" ({conditions(rule)})" if rule.arguments else ""
    why = f"{rule.reason}{where}" if rule.reason else about(rule)
    return ToolRule(
        rule=rule,
        decision=Decision(rule.decision, rule.name, why),
        unsure=Decision(rule.decision, rule.name, f"{why}; whether it is so can't be told from these arguments"),
        tests=tuple(condition_test(each, every=allows) for each in rule.arguments),
        defaults={} if allows else _defaults(rule, schema),
    )


def _defaults(rule: Rule, schema: JsonSchema) -> JsonObject:
    """What the server fills in for arguments that are left out, where a condition looks at them; not for `present`."""
    properties = schema.get("properties")
    known = properties if isinstance(properties, dict) else {}
    looked_at = {each.path[0] for each in rule.arguments if "present" not in dict(each.tests)}
    said = {name: known[name] for name in looked_at if isinstance(known.get(name), dict)}
    return {name: each["default"] for name, each in said.items() if "default" in each}
