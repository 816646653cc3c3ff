"""The comments of one module: nothing said twice, and all of them together within a budget."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from codegen.generate.budget import SLACK, level, shortened, width
from codegen.generate.echoes import is_echo
from codegen.generate.parameters import Parameter
from codegen.generate.shapes import Field
from codegen.generate.signature import Typed

_VALUES = ("allowed", "accepts", "valid", "options", "one of", "must")
_VALUE = re.compile(rf"\b(?:{'|'.join(_VALUES)})\b")

LONGEST = 160 - SLACK
"""Bytes of one comment; that on a required parameter may always have them."""

BUDGET = 240
"""Bytes of those on optional parameters and on keys together: what costs is large tools, most of it seldom used."""

LEAST = 56
"""Bytes that such a comment may have even so."""


@dataclass(frozen=True, slots=True)
class Comments:
    """What is written beside parameters, in their order, and beside the keys of each class; `cut`: not all of it."""

    parameters: Sequence[str]
    keys: Mapping[int, Sequence[str]] = field(hash=False)
    cut: bool


def settled(typed: Typed, told: Mapping[str, str], context: str) -> Comments:
    """The comments that are written.

    `told` is what the tool's description says of parameters; `context` is its name and first sentence.
    """
    parameters, records = typed.parameters.each, typed.records
    plain = [_said(each, told, context) for each in parameters]
    seen: set[tuple[str, str]] = set()
    keys = {number: [_once(each, context, seen) for each in record.fields] for number, record in records.items()}
    widths = [width(text) for text, each in zip(plain, parameters, strict=True) if text and not each.required]
    widths += [width(text) for texts in keys.values() for text in texts if text]
    limit = min(LONGEST, level(widths, BUDGET, LEAST))
    fitted = [
        shortened(text, LONGEST if each.required else _limit(text, limit))
        for text, each in zip(plain, parameters, strict=True)
    ]
    kept = {number: [shortened(text, _limit(text, limit)) for text in texts] for number, texts in keys.items()}
    return Comments(fitted, kept, fitted != plain or kept != keys)


def _limit(text: str, limit: int) -> int:
    """Which values are taken is what a call fails by: such a list gets more room."""
    room = LONGEST * 2 // 3
    if limit >= room or len(text) <= limit:
        return limit
    lower = text.lower()
    return room if any(map(lower.__contains__, _VALUES)) and _VALUE.search(lower) else limit


def _said(parameter: Parameter, told: Mapping[str, str], context: str) -> str:
    text = parameter.comment
    if not parameter.description and parameter.wire in told:
        text = f"{text};\t{told[parameter.wire]}" if text else f"\t{told[parameter.wire]}"
    return _plain(text, parameter.wire, context)


def _plain(comment: str, name: str, context: str) -> str:
    """Without a description, or a first sentence of it, that says what the name does; default and bounds stay."""
    facts, mark, description = comment.rpartition("\t")
    if not mark:
        return comment
    if is_echo(description, name, context):
        return facts.removesuffix(";")
    first, stop, others = description.partition(". ")
    return f"{facts}\t{others}" if stop and is_echo(first, name, context) else comment


def _once(key: Field, context: str, seen: set[tuple[str, str]]) -> str:
    """A key's comment, the first time that it is said in a module: classes share many."""
    text = _plain(key.comment, key.wire, context)
    said = (key.wire, text)
    if said in seen:
        return ""
    seen.add(said)
    return text
