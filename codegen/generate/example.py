"""A call that shows what a signature can't: the schema's own values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from codegen.generate.notes import brief_literal, described
from codegen.generate.parameters import Parameter
from codegen.generate.refs import Document
from codegen.model import JsonSchema

LONGEST_EXAMPLE = 200

_FORMATS = {
    "date": "2025-01-31",
    "date-time": "2025-01-31T09:00:00Z",
    "time": "09:00:00",
    "uri": "https://example.com",
    "url": "https://example.com",
    "email": "ada@example.com",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "ipv4": "192.0.2.1",
}

_WRITTEN = ("date", "date-time", "time")  # not a set: a format may be a list
_OWN = frozenset({"examples", "example", "default"})


def example_call(schema: JsonSchema, parameters: Sequence[Parameter], function: str) -> str:
    """A call with the required arguments; nothing where it would show no more than the signature does."""
    required = [parameter for parameter in parameters if parameter.required]
    if not required:
        return ""
    document = Document(schema, budget=400)
    whole = schema.get("examples")
    given = whole[0] if isinstance(whole, list) and whole and isinstance(whole[0], dict) else {}
    target, _ = document.target(schema)
    flat = document.flat(target) if isinstance(target, dict) else None
    properties = (flat or {}).get("properties")
    schemas = [properties.get(each.wire) if isinstance(properties, dict) else None for each in required]
    if not any(each.wire in given for each in required) and not any(_tells(each, document) for each in schemas):
        return ""
    said = []
    for parameter, each in zip(required, schemas, strict=True):
        value = given[parameter.wire] if parameter.wire in given else sample(each, document)
        said.append(f"{parameter.name}={_short_literal(value)}")
    call = f"{function}({', '.join(said)})"
    while len(call) > LONGEST_EXAMPLE and len(said) > 1:
        said.pop()
        call = f"{function}({', '.join(said)}, ...)"
    return call


def _tells(schema: object, document: Document, depth: int = 0) -> bool:
    """Whether a sample shows what a type can't: a value of the schema's own, or how a day is written."""
    said = described(schema, document)
    if any(said.get(word) for word in _OWN) or said.get("format") in _WRITTEN:
        return True
    if depth == 2:
        return False
    properties, required = said.get("properties"), said.get("required")
    inner = [said.get("items")]
    if isinstance(properties, dict) and isinstance(required, list):
        inner += [properties[each] for each in required if isinstance(each, str) and each in properties]
    return any(_tells(each, document, depth + 1) for each in inner if isinstance(each, dict))


_MISSING: Any = object()


def sample(schema: object, document: Document, depth: int = 0) -> Any:
    """A value of this schema: its own example or default, else the plainest."""
    if not isinstance(schema, dict) or depth > 3 or not document.spend(1):
        return "..."
    said = described(schema, document)
    given = _given(said)
    if given is not _MISSING:
        return given
    branches = said.get("anyOf") or said.get("oneOf")
    if isinstance(branches, list) and branches and "type" not in said:
        return sample(branches[0], document, depth + 1)
    words = said.get("type")
    word = words[0] if isinstance(words, list) and words else words
    if word == "array" or (word is None and "items" in said):
        return [] if depth == 3 else [sample(said.get("items"), document, depth + 1)]
    if word == "object" or (word is None and "properties" in said):
        return _sample_object(said, document, depth)
    return _plain(word, said)


def _given(said: JsonSchema) -> Any:
    for word in ("examples", "enum"):
        values = said.get(word)
        if isinstance(values, list) and values:
            return values[0]
    for word in ("example", "const", "default"):
        if said.get(word) is not None:
            return said[word]
    return _MISSING


def _sample_object(said: JsonSchema, document: Document, depth: int) -> dict[str, Any]:
    properties, required = said.get("properties"), said.get("required")
    if not isinstance(properties, dict) or not isinstance(required, list):
        return {}
    wanted = [each for each in required if isinstance(each, str) and each in properties]
    return {each: sample(properties[each], document, depth + 1) for each in wanted[:8]}


def _plain(word: object, said: JsonSchema) -> Any:
    if word in ("integer", "number"):  # no set: it may be a list
        least = said.get("minimum")
        return least if isinstance(least, (int, float)) and abs(least) < 10**6 else 1
    if word == "boolean":
        return True
    if word == "null":
        return None
    written = said.get("format")
    return _FORMATS.get(written, "...") if isinstance(written, str) else "..."


def _short_literal(value: Any) -> str:
    text = brief_literal(value, 120)
    return "..." if "…" in text and not isinstance(value, str) else text
