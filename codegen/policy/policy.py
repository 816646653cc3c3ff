"""The policy of a workspace: codegen.toml's rules and words, asked for one tool, then for each of its calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codegen.config.policy import Rule
from codegen.config.settings import Settings
from codegen.model import Effect, JsonObject, Tool
from codegen.policy.conditions import is_known
from codegen.policy.facts import Facts, facts_of, is_write
from codegen.policy.rules import Decision, ToolRule, default_decision, rules_for
from codegen.policy.wording import conditions


class ToolPolicy:
    """All that decides calls of one tool: `rules` are those that may be about one, `default` goes where none is."""

    __slots__ = ("_always", "default", "facts", "idempotent", "reads", "rules")

    def __init__(self, facts: Facts, rules: tuple[ToolRule, ...]) -> None:
        self.facts = facts
        self.rules = rules
        self.default = default_decision(facts)
        self.reads = not is_write(facts)
        self.idempotent = facts.idempotent
        first = rules[0] if rules else None
        self._always = self.default if first is None else None if first.tests else first.decision

    @property
    def effect(self) -> Effect:
        return self.facts.effect

    def decide(self, arguments: JsonObject) -> Decision:
        """What becomes of a call with these arguments. Never raises, whatever they are."""
        if self._always is not None:
            return self._always
        for rule in self.rules:
            decision = rule.decides(arguments)
            if decision is not None:
                return decision
        return self.default

    def outcomes(self, arguments: JsonObject) -> tuple[Outcome, ...]:
        """All that may become of a call with arguments that are `Unknown` in parts; the last where no `when` holds."""
        if is_known(arguments):
            return (Outcome(self.decide(arguments)),)
        found: list[Outcome] = []
        for rule in self.rules:
            met = rule.is_met(arguments)
            if met:
                return (*found, Outcome(rule.decision))
            if met is None:
                found.append(Outcome(rule.decision, conditions(rule.rule)))
        return (*found, Outcome(self.default))


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision that may be made on a call, `when` its arguments are so; empty where nothing is left to be known."""

    decision: Decision
    when: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """`of` gives the policy of a tool, and is quick the second time."""

    settings: Settings
    _known: dict[Tool, ToolPolicy]

    def of(self, tool: Tool) -> ToolPolicy:
        """A tool as its server defines it: another definition under the same name has a policy of its own."""
        known = self._known.get(tool)
        if known is None:
            facts = facts_of(tool, self.settings.server(tool.server))
            known = self._known[tool] = ToolPolicy(facts, rules_for(tool, facts, self.settings.policy))
        return known

    @property
    def rules(self) -> Sequence[Rule]:
        return self.settings.policy


def open_policy(settings: Settings) -> Policy:
    """The policy that codegen.toml says."""
    return Policy(settings, {})
