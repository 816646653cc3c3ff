"""The [[policy]] rules of codegen.toml: which calls are made, which are refused, and which a person is asked about."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, TypeAlias, get_args

from codegen.config.patterns import matcher
from codegen.config.tables import Place, Reader, WrongError, read_map, read_table, said
from codegen.errors import nearest
from codegen.model import Effect, Json

Action: TypeAlias = Literal["allow", "deny", "ask"]
Hint: TypeAlias = Effect | Literal["idempotent", "open_world"]

_HINTS = ("reads", "writes", "destructive", "unknown", "idempotent", "open_world")
_DOT = re.compile(r"(?<!\\)\.")


@dataclass(frozen=True, slots=True)
class Condition:
    """What the values at a path of a call's arguments must be: each of `tests`, as (word, what it is held against).

    A part of `path` is a key, a position in a list, or `*` for every item.
    """

    path: tuple[str, ...]
    tests: tuple[tuple[str, Json], ...] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """One [[policy]] table, counted from 1. It is about a call when all that it says of one is so.

    `server` and `tool` are globs over the server's key in mcp.json and the tool's wire name; `hints` are those of which
    the tool has any, none of them said means all tools.
    """

    number: int
    decision: Action
    server: str = "*"
    tool: str = "*"
    hints: tuple[Hint, ...] = ()
    arguments: tuple[Condition, ...] = ()
    reason: str = ""

    @property
    def name(self) -> str:
        """How people find it."""
        return f"codegen.toml [[policy]] #{self.number}"


def read_policy(value: object, place: Place) -> tuple[Rule, ...]:
    """The rules in their order. Raises ConfigError."""
    if not isinstance(value, list):
        raise place.error(value, 'rules, each below a line [[policy]], such as decision = "ask"')
    return tuple(
        _rule(each, number, place.nth(number - 1, f"[[policy]] #{number}")) for number, each in enumerate(value, 1)
    )


def _rule(value: object, number: int, place: Place) -> Rule:
    table = read_map(value, place, 'a table such as { tool = "delete_*", decision = "ask" }')
    readers: Mapping[str, Reader] = {
        "server": _pattern,
        "tool": _pattern,
        "hints": _hints,
        "arguments": lambda conditions: _conditions(conditions, place.at("arguments")),
        "decision": _action,
        "reason": said,
    }
    rule = read_table(partial(_make, place, number), readers, table, place)
    if "server" in table or "." not in rule.tool:
        return rule
    server, _, tool = rule.tool.partition(".")
    return Rule(number, rule.decision, server, tool, rule.hints, rule.arguments, rule.reason)


def _make(place: Place, number: int, **given: object) -> Rule:
    if "decision" not in given:
        raise place.fault("has no decision", f"expected decision = {_ACTIONS}")
    return Rule(number, **given)  # type: ignore[arg-type]  # each was read by its reader


_ACTIONS = '"allow", "deny" or "ask"'


def _action(value: object) -> Action:
    for action in get_args(Action):
        if value == action:
            found: Action = action
            return found
    raise WrongError(_ACTIONS)


def _pattern(value: object) -> str:
    if not isinstance(value, str) or not value or value[0] == "." or value[-1] == ".":
        raise WrongError('a pattern such as "delete_*" or "shop.*"')
    return value


def _hints(value: object) -> tuple[Hint, ...]:
    if not isinstance(value, list) or not value or not all(each in _HINTS for each in value):
        raise WrongError(f"a list of any of {', '.join(_HINTS)}")
    return tuple(value)


def _conditions(value: object, place: Place) -> tuple[Condition, ...]:
    expected = 'conditions by argument, such as { amount = { above = 100 }, "to.country" = "NO" }'
    tables = read_map(value, place, expected)
    if not tables:
        raise place.error(value, expected)
    return tuple(Condition(_path(path, place), _tests(each, place.at(path))) for path, each in tables.items())


def _path(text: str, place: Place) -> tuple[str, ...]:
    parts = tuple(part.replace(r"\.", ".") for part in _DOT.split(text))
    if not all(parts):
        hint = r'expected one such as "to.country" or "items.*.sku"; \. is a dot in a name'
        raise place.fault(f'has the path "{text}"', hint, on=text)
    return parts


def _tests(value: object, place: Place) -> tuple[tuple[str, Json], ...]:
    if not isinstance(value, dict):
        return (("equals", _read(_json, value, place)),)
    for word in value:
        if word not in _TESTS:
            hint = nearest(word, _TESTS) or f'known here: {", ".join(_TESTS)}; a path goes in quotes: "to.country"'
            raise place.fault(f"can't hold `{word}`", hint, on=word)
    if not value:
        raise place.error(value, f"one or more of {', '.join(_TESTS)}")
    if value.get("present") is False and len(value) > 1:
        raise place.error(value, "present = false alone: what isn't there is neither more nor less")
    return tuple((word, _read(_TESTS[word], each, place.at(word))) for word, each in value.items())


def _read(reader: Reader, value: object, place: Place) -> Json:
    try:
        read: Json = reader(value)  # type: ignore[assignment]  # readers of conditions give JSON
    except WrongError as wrong:
        raise place.error(value, str(wrong)) from None
    return read


def _json(value: object) -> Json:
    if isinstance(value, list):
        return [_json(each) for each in value]
    if isinstance(value, dict):
        return {key: _json(each) for key, each in value.items()}
    if isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise WrongError("a value that JSON has: a text, a number, true, false, a list or a table; a date goes in quotes")


def _text_pattern(value: object) -> Json:
    if not isinstance(value, str) or not value:
        raise WrongError('a glob such as "*@example.org", or a regex between slashes')
    matcher(value)
    return value


def _number(value: object) -> int | float:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise WrongError("a number")


def _yes_or_no(value: object) -> Json:
    if not isinstance(value, bool):
        raise WrongError("true or false")
    return value


def _list(value: object) -> Json:
    if not isinstance(value, list) or not value:
        raise WrongError('a list of values such as ["NO", "SE"]')
    return _json(value)


_TESTS: Mapping[str, Reader] = {
    "equals": _json,
    "matches": _text_pattern,
    **dict.fromkeys(("above", "below", "at_least", "at_most"), _number),
    "present": _yes_or_no,
    "one_of": _list,
}
