"""Rules and conditions in words for people."""

from __future__ import annotations

import json

from codegen.config.policy import Condition, Rule
from codegen.model import Json

_WORDS = {
    "equals": "is",
    "matches": "matches",
    "one_of": "is one of",
    "above": "is above",
    "below": "is below",
    "at_least": "is at least",
    "at_most": "is at most",
}


def about(rule: Rule) -> str:
    """The calls that a rule is about: `shop.refund_* where amount is above 100`."""
    name = f"{rule.server}.{rule.tool}"
    parts = ["every tool" if name == "*.*" else name]
    if rule.hints:
        parts.append(f"({' or '.join(rule.hints)})")
    if rule.arguments:
        parts.append(f"where {conditions(rule)}")
    return " ".join(parts)


def conditions(rule: Rule) -> str:
    """`amount is above 100 and to.country is "NO"`."""
    return " and ".join(map(condition, rule.arguments))


def condition(each: Condition) -> str:
    """`amount is above 100`; of several tests each: `amount is at least 1, is below 5`."""
    path = ".".join(part.replace(".", r"\.") for part in each.path)
    return f"{path} {', '.join(_test(word, value) for word, value in each.tests)}"


def _test(word: str, value: Json) -> str:
    if word == "present":
        return "is given" if value else "is not given"
    return f"{_WORDS[word]} {json.dumps(value, ensure_ascii=False)}"
