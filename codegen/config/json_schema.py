"""A JSON Schema that a person wrote into codegen.toml: read strictly, for a word misspelt there would hold nothing."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping

from codegen.config.tables import Place, read_map
from codegen.errors import nearest
from codegen.model import JsonSchema

_MAPS = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_ONE = frozenset(
    {"items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else"}
    | {"unevaluatedItems", "unevaluatedProperties", "contentSchema"}
)
_DATA = frozenset({"enum", "const", "default", "examples"})
_REFERRING = frozenset({"$ref", "$defs", "$anchor"})
_PLAIN = frozenset(
    {"type", "required", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern"}
    | {"minLength", "maxLength", "format", "minItems", "maxItems", "uniqueItems", "minContains", "maxContains"}
    | {"minProperties", "maxProperties", "dependentRequired", "title", "description", "deprecated", "$comment"}
    | {"contentEncoding", "contentMediaType", "readOnly", "writeOnly"}
)
_TYPES = "expected string, integer, number, boolean, array, object or null, or a list of these"
_WORDS = _MAPS | _LISTS | _ONE | _DATA | _REFERRING | _PLAIN


def read_schema(value: object, place: Place, *, alone: bool) -> JsonSchema:
    """A schema of the 2020-12 edition. Raises ConfigError that names the word in it that can't be used.

    `alone`: it is a document of its own, and may refer to its own definitions; otherwise it joins a server's schema,
    where a reference would lead somewhere else.
    """
    schema = read_map(value, place, 'a JSON Schema such as { type = "string" }')
    _only_json(schema, place)
    _only_words(schema, place, _WORDS if alone else _WORDS - _REFERRING)
    import jsonschema_rs

    try:
        jsonschema_rs.Draft202012Validator(schema, offline=True)
    except jsonschema_rs.ValidationError as error:
        path = [str(part) for part in error.instance_path]
        for part in path:
            place = place.at(part)
        hint = _TYPES if path[-1:] == ["type"] and path[-2:-1] != ["properties"] else error.message
        raise place.fault("is no JSON Schema", hint) from None
    return schema


def _only_json(value: object, place: Place) -> None:
    if isinstance(value, datetime.date | datetime.time) or (isinstance(value, float) and not math.isfinite(value)):
        raise place.fault(f"is {value}, which JSON has no word for", f'expected a text: "{value}"')
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            _only_json(each, place.at(str(key)))


def _only_words(schema: object, place: Place, known: Iterable[str]) -> None:
    """That every word is one of JSON Schema's, here and in the schemas inside; kinds are the validator's affair."""
    for word, value in schema.items() if isinstance(schema, dict) else ():
        if word not in known:
            hint = nearest(word, known) or "expected the words of JSON Schema 2020-12, without $id and $schema"
            if word in _REFERRING:
                hint = "it joins the server's schema, where a reference would lead elsewhere; write it out"
            raise place.fault(f"can't hold `{word}`", hint, on=word)
        for name, inner in _inner(word, value):
            _only_words(inner, place.at(word).at(name) if name else place.at(word), known)


def _inner(word: str, value: object) -> Iterable[tuple[str, object]]:
    if word in _MAPS and isinstance(value, Mapping):
        return value.items()
    if word in _LISTS and isinstance(value, list):
        return [(str(number), each) for number, each in enumerate(value)]
    return [("", value)] if word in _ONE else []
