"""Arguments held against their tool's schema before a call leaves: never stricter than the schema, never slow.

What can't be told (the schema isn't JSON Schema, refers to another document, or is a bomb) is the server's to judge:
the call goes on.
"""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationError
from jsonschema_rs import ValidationErrorKind as Kind

from codegen.generate.refs import Document
from codegen.model import JsonObject, JsonSchema
from codegen.validation.effort import is_affordable, is_plain
from codegen.validation.loosen import REFERENCES, can_be_loosened, loosened, with_null

LARGEST = 50_000
"""Parts of a schema; compiling takes about 5 us for each."""

MOST_PATTERNS = 500
PATTERN_BYTES = 100_000
"""Of one compiled pattern: an engine that needs linear time still needs it for each state."""

MOST_TRIES = 20
"""Corners of a schema that may be left out; fewer of a large one."""


class Validator:
    """One tool's compiled input schema. `refers`: it has references."""

    def __init__(self, schema: JsonSchema, compiled: jsonschema_rs.Validator, *, refers: bool) -> None:
        self.schema = schema
        self._compiled = compiled
        self._document = Document(schema)
        self._is_plain = not refers or is_plain(self._document)

    def errors(self, arguments: JsonObject) -> list[ValidationError]:
        """Why the arguments aren't accepted; nothing where they are, or where that would take too long to say."""
        if not self._is_plain and not is_affordable(arguments, self._document):
            return []
        try:
            if self._compiled.is_valid(arguments) or (self._is_plain and not is_affordable(arguments, self._document)):
                return []
            return [error for error in self._compiled.iter_errors(arguments) if _stands(error)]
        except (ValueError, RecursionError):  # nested deeper than the library goes, or variants of variants of variants
            return []


def validator_for(schema: JsonSchema) -> tuple[Validator | None, str]:
    """The validator of an input schema, None where there can be none; and what calls aren't held to, if anything."""
    words, size = _words(schema)
    if size > LARGEST:
        return None, "its schema is too large"
    dropped: list[str] = []
    at = schema
    try:
        if "nullable" in words:
            at = with_null(schema)
        for _ in range(min(MOST_TRIES, 1 + 4 * LARGEST // size)):
            made = _compiled(at)
            if not isinstance(made, ValidationError):
                return Validator(at, made, refers=not words.isdisjoint(REFERENCES)), "; ".join(dropped)
            dropped.append(".".join(map(str, made.instance_path)) or made.message)
            known = made.instance_path or isinstance(made.kind, Kind.Referencing)
            if not known or not can_be_loosened(words, made.instance_path):
                break
            before, at = at, loosened(at, made.instance_path)
            if at == before:
                break
    except (ValueError, RecursionError) as error:  # nested too deep, or text that is no Unicode
        dropped.append(str(error))
    return None, "; ".join(dropped)


def _compiled(schema: JsonSchema) -> jsonschema_rs.Validator | ValidationError:
    try:
        return jsonschema_rs.validator_for(
            schema,
            offline=True,  # nothing is fetched or opened, whatever a reference says
            validate_formats=False,
            mask="it",  # errors would carry the arguments as text, once for each
            pattern_options=jsonschema_rs.RegexOptions(size_limit=PATTERN_BYTES),
        )
    except ValidationError as error:
        return error


def _words(schema: JsonSchema) -> tuple[frozenset[str], int]:
    """All keys at any depth, and how many parts there are; reading stops where there are too many."""
    words: set[str] = set()
    size = patterns = 0
    waiting: list[Any] = [schema]
    while waiting and size <= LARGEST:
        at = waiting.pop()
        size += 1 + len(at) // 10
        if isinstance(at, dict):
            words.update(at)
            named = at.get("patternProperties")
            patterns += ("pattern" in at) + (len(named) if isinstance(named, dict) else 0)
            at = at.values()
        waiting += [each for each in at if isinstance(each, (dict, list))]
    return frozenset(words), size if patterns <= MOST_PATTERNS else LARGEST + 1


def _stands(error: ValidationError) -> bool:
    """Whether an error is one by the schema's own meaning, and not by how this library reads it."""
    match error.kind:
        case Kind.BacktrackLimitExceeded() | Kind.RegexEngineFailure():
            return False
        case Kind.Pattern(pattern=pattern):
            return not re.search(r"\\[<>]", pattern)  # JavaScript's "<" and ">"; here they would be ends of words
        case Kind.Enum(options=options):
            return bool(options)  # a list that the server had nothing to fill with
        case Kind.AnyOf(context=context) | Kind.OneOfNotValid(context=context):
            return all(any(map(_stands, branch)) for branch in context)
    return True
