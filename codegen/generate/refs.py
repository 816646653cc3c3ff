"""References inside one schema document: `#...` is followed, everything else is left where it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from codegen.generate.merge import TYPE_WORDS, merge
from codegen.model import JsonSchema

_DATA = frozenset({"enum", "const", "default", "examples", "example"})
_INDIRECT = frozenset({"$ref", "allOf", "$dynamicRef", "$recursiveRef"})
_CHAIN = 40
"""References and allOf levels followed from one place; more is a cycle or an attack."""


class Document:
    """A schema and what its references mean. Results of `flat` are kept: the same object in, the same object out."""

    def __init__(self, root: JsonSchema, budget: int = 8_000) -> None:
        self.root = root
        self.budget = budget
        self._anchors: dict[tuple[int, str], Any] | None = None
        self._resource: dict[int, JsonSchema] = {}
        self._flat: dict[int, JsonSchema | None] = {}
        self._level = 0
        self._alive: list[JsonSchema] = []  # an id() is only good while its object lives

    def resolve(self, ref: object, owner: JsonSchema) -> JsonSchema | bool | None:
        """The schema a reference stands for; None where it is no `#...` or leads nowhere."""
        if not isinstance(ref, str) or not ref.startswith("#"):
            return None
        self._scan()
        resource = self._resource.get(id(owner), self.root)
        pointer = unquote(ref[1:], errors="replace")
        if not pointer:
            return resource
        if not pointer.startswith("/"):
            found = (self._anchors or {}).get((id(resource), pointer))
        else:
            found = _at(resource, pointer)
        return found if isinstance(found, (dict, bool)) else None

    def target(self, schema: JsonSchema) -> tuple[JsonSchema | bool | None, str]:
        """Where a schema that is nothing but a reference ends, and the last name on the way; itself otherwise.

        None: the reference leads nowhere, or only round in a circle.
        """
        if "$ref" not in schema and "allOf" not in schema:
            return schema, ""
        at: JsonSchema | bool | None = schema
        name = ""
        for _ in range(_CHAIN):
            if not isinstance(at, dict):
                return at, name
            following = _sole_reference(at)
            if following is None:
                return at, name
            if isinstance(following, str):
                name = unquote(following.rsplit("/", 1)[-1], errors="replace") if "/" in following else name
                at = self.resolve(following, at)
            else:
                at = following
        return None, name

    def flat(self, schema: JsonSchema) -> JsonSchema | None:
        """The schema with its references and allOf merged in; None where that can't be said (a circle, nowhere)."""
        if _INDIRECT.isdisjoint(schema):
            return schema
        if id(schema) not in self._flat:
            self._flat[id(schema)] = None  # what a circle finds
            self._level += 1
            self._flat[id(schema)] = self._flatten(schema) if self._level <= _CHAIN else None
            self._level -= 1
            self._alive.append(schema)
        return self._flat[id(schema)]

    def merged(self, base: JsonSchema, branch: JsonSchema) -> JsonSchema | None:
        """Both at once, flat; None where no value can satisfy both."""
        flat = self.flat(branch)
        return merge(base, flat, self) if flat is not None else None

    def spend(self, amount: int) -> bool:
        """Count work; False when this schema has had its share."""
        self.budget -= amount
        return self.budget > 0

    def _flatten(self, schema: JsonSchema) -> JsonSchema | None:
        if "$dynamicRef" in schema or "$recursiveRef" in schema:
            return None
        parts: list[Any] = [self.resolve(schema["$ref"], schema)] if "$ref" in schema else []
        every = schema.get("allOf")
        parts += every if isinstance(every, list) else []
        if not parts:
            return schema
        result = {key: value for key, value in schema.items() if key not in {"$ref", "allOf"}}
        for part in parts:
            if part is True or (part is not None and not isinstance(part, (dict, bool))):
                continue
            flat = self.flat(part) if isinstance(part, dict) and self.spend(1) else None
            if flat is None:
                return None
            # The first of two that exclude each other stays: something must be written.
            result = merge(result, flat, self) or {**result, "x-conflict": True}
        return result

    def _scan(self) -> None:
        if self._anchors is not None:
            return
        self._anchors = {}
        waiting: list[tuple[Any, JsonSchema]] = [(self.root, self.root)]
        while waiting:
            at, resource = waiting.pop()
            if isinstance(at, list):
                waiting += [(each, resource) for each in at]
            elif isinstance(at, dict):
                name = at.get("$id")
                if isinstance(name, str) and not name.startswith("#") and "$ref" not in at:
                    resource = at
                if resource is not self.root:
                    self._resource[id(at)] = resource
                for anchor in _anchor_names(at):
                    self._anchors.setdefault((id(resource), anchor), at)
                waiting += [(value, resource) for key, value in at.items() if key not in _DATA]


def _anchor_names(schema: JsonSchema) -> Iterator[str]:
    for word in ("$anchor", "$dynamicAnchor"):
        if isinstance(schema.get(word), str):
            yield schema[word]
    identity = schema.get("$id")
    if isinstance(identity, str) and identity.startswith("#"):
        yield identity[1:]


def _sole_reference(schema: JsonSchema) -> str | JsonSchema | bool | None:
    """What a schema refers to if it says nothing else about types: `$ref`, or an allOf of one (pydantic 1's way)."""
    words = TYPE_WORDS.intersection(schema)
    if words == {"$ref"}:
        return schema["$ref"] if isinstance(schema["$ref"], str) else None
    every = schema.get("allOf")
    if words == {"allOf"} and isinstance(every, list) and len(every) == 1 and isinstance(every[0], (dict, bool)):
        only: JsonSchema | bool = every[0]
        return only
    return None


def _at(root: JsonSchema, pointer: str) -> object:
    at: object = root
    for part in pointer[1:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(at, dict):
            at = at.get(key)
        elif isinstance(at, list) and key.isdecimal() and len(key) < 8:
            at = at[int(key)] if int(key) < len(at) else None
        else:
            return None
    return at
