"""Schemas that aren't quite JSON Schema: the corner that is wrong goes, never so that a call is refused for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from codegen.generate.merge import type_names
from codegen.generate.refs import Document
from codegen.model import JsonSchema

REFERENCES = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})

_REST = frozenset({"unevaluatedItems", "unevaluatedProperties"})
_LESS_IS_MORE = frozenset({"not", "if", "oneOf", "contains"})
_DEFINITIONS = frozenset({"$defs", "definitions"})
_MAPS = _DEFINITIONS | {"properties", "patternProperties", "dependentSchemas", "dependencies"}
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems", "items"})
_SINGLE = _REST | {"additionalItems", "additionalProperties"}
_SINGLE |= {"items", "not", "if", "then", "else", "contains", "propertyNames"}
_LEAN_ON = {
    "properties": "additionalProperties",
    "patternProperties": "additionalProperties",
    "prefixItems": "items",
    "items": "additionalItems",
}
"""What would refuse all that the other word no longer names."""

_EDITIONS = re.compile(r"https?://json-schema\.org/(draft/2019-09/|draft/2020-12/|draft-0[467]/)?schema#?")


def can_be_loosened(words: frozenset[str], path: Sequence[str | int]) -> bool:
    """Whether leaving out what is at `path` can't make the whole stricter; `words` are all keys of the schema."""
    around = words if not path or words & REFERENCES else frozenset(map(str, path))
    return _REST.isdisjoint(words) and _LESS_IS_MORE.isdisjoint(around)


def loosened(schema: JsonSchema, path: Sequence[str | int]) -> JsonSchema:
    """A copy without what the standard has no meaning for at `path`; without references to nowhere if that is empty."""
    copy: JsonSchema = json.loads(json.dumps(schema))
    if path:
        _loosen(copy, list(path))
    else:
        _drop_references(copy)
    return copy


def with_null(schema: JsonSchema) -> JsonSchema:
    """A copy in which `nullable: true`, which is OpenAPI's, means what the generated types say of it."""
    copy: JsonSchema = json.loads(json.dumps(schema))
    for each in schemas_in(copy):
        if each is not copy and each.get("nullable") is True:
            rest = {word: value for word, value in each.items() if word != "nullable"}
            each.clear()
            each["anyOf"] = [{"type": "null"}, rest]
    return copy


def schemas_in(schema: JsonSchema) -> Iterator[JsonSchema]:
    """The schema and all that are written in it."""
    waiting: list[Any] = [schema]
    while waiting:
        at = waiting.pop()
        if isinstance(at, dict):
            yield at
            waiting += inner_schemas(at)


def inner_schemas(schema: JsonSchema, *, definitions: bool = True) -> Iterator[Any]:
    """What is written where a schema belongs, one level down."""
    for word, value in schema.items():
        if word in _DEFINITIONS and not definitions:
            continue
        if word in _MAPS and isinstance(value, dict):
            yield from value.values()
        elif word in _LISTS and isinstance(value, list):
            yield from value
        elif word in _SINGLE:
            yield value


def _loosen(at: JsonSchema, way: list[str | int]) -> None:
    while True:
        word = str(way.pop(0))
        inner = at[word]
        if way and ((word in _MAPS and isinstance(inner, dict)) or (word in _LISTS and isinstance(inner, list))):
            name: Any = way.pop(0)
            if way and isinstance(inner[name], dict):
                at = inner[name]
                continue
            if isinstance(inner, dict) and isinstance(inner[name], (dict, bool)):  # its name is wrong: no regex
                del inner[name]
                at.pop("additionalProperties", None)
            else:
                inner[name] = True
            return
        if way and word in _SINGLE and isinstance(inner, dict):
            at = inner
            continue
        _mend(at, word)
        return


def _mend(schema: JsonSchema, word: str) -> None:
    """`type: dict` says what it means; anything else that is wrong goes."""
    names = type_names(schema) if word == "type" else None
    if names is not None and names != schema[word]:
        schema[word] = names
        return
    del schema[word]
    schema.pop(_LEAN_ON.get(word, ""), None)


def _drop_references(root: JsonSchema) -> None:
    """Leave out references that lead out of the document or nowhere; those that are only misspelt are spelt right."""
    root.pop("$id", None)
    edition = str(root.get("$schema"))
    if "json-schema.org/" in edition and not _EDITIONS.fullmatch(edition):  # misspelt; another's dialect stays unknown
        del root["$schema"]
    document = Document(root)
    for schema in schemas_in(root):
        for word in REFERENCES.intersection(schema):
            if document.resolve(schema[word], schema) is None:
                del schema[word]
            else:
                schema[word] = quote(schema[word], safe="#/%~!$&'()*+,;=:@?-._")
