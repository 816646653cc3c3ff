"""References inside one schema document: `#...` is followed, everything else is left where it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from codegen.generate.merge import CONFLICT, EMPTY, TYPE_WORDS, UNRESOLVED, merge
from codegen.model import JsonSchema

_IDENTITY = frozenset({"$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor"})
_DATA = frozenset({"enum", "const", "default", "examples", "example"})
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_INDIRECT = frozenset({*_REFERENCES, "allOf"})
_OLD, _NEW = re.compile(r"draft-0[3-7]\b"), re.compile(r"2019-09|2020-12")
"""Editions of the standard: in the old ones nothing beside a `$ref` counts."""
_CHAIN = 40
"""References and allOf levels followed from one place; more is a cycle or an attack."""


class Document:
    """A schema and what its references mean. Results of `flat` are kept: the same object in, the same object out.

    `faithful`: where the schema names an edition that ignores what stands beside a `$ref`, so does this. Who writes
    something there means it, so that is not the default.
    """

    def __init__(self, root: JsonSchema, budget: int = 8_000, *, faithful: bool = False) -> None:
        self.root = root
        self.budget = budget
        edition = root.get("$schema")
        self._edition = edition[:200] if isinstance(edition, str) else ""
        self._alone = faithful and _OLD.search(self._edition) is not None
        self._anchors: dict[tuple[int, str], Any] | None = None
        self._dynamic: dict[str, int] = {}
        self._resource: dict[int, JsonSchema] = {}
        self._flat: dict[int, JsonSchema] = {}
        self._level = 0
        self._alive: list[JsonSchema] = []  # an id() is only good while its object lives

    def resolve(self, ref: object, owner: JsonSchema) -> JsonSchema | bool | None:
        """The schema a reference stands for; None where it is no `#...` or leads nowhere."""
        if not isinstance(ref, str) or not ref.startswith("#"):
            return None
        anchors = self._scan()
        resource = self._resource.get(id(owner), self.root)
        pointer = unquote(ref[1:], errors="replace")
        if not pointer:
            return resource
        found = _at(resource, pointer) if pointer.startswith("/") else anchors.get((id(resource), pointer))
        return found if isinstance(found, (dict, bool)) else None

    def target(self, schema: JsonSchema) -> tuple[JsonSchema | bool | None, str]:
        """Where a schema that is nothing but a reference ends, and the last name on the way; itself otherwise.

        None: the reference leads nowhere, or only round in a circle.
        """
        if _INDIRECT.isdisjoint(schema):
            return schema, ""
        at: JsonSchema | bool | None = schema
        name = ""
        for _ in range(_CHAIN):
            if not isinstance(at, dict):
                return at, name
            following = self._sole_reference(at)
            if following is None:
                return at, name
            if isinstance(following, str):
                name = unquote(following.rsplit("/", 1)[-1], errors="replace") if "/" in following else name
                at = self.resolve(following, at)
            else:
                at = following
        return None, name

    def flat(self, schema: JsonSchema) -> JsonSchema:
        """The schema with its references and allOf merged in; marked where one of them can't be (a circle, nowhere)."""
        if _INDIRECT.isdisjoint(schema):
            return schema
        if id(schema) not in self._flat:
            self._flat[id(schema)] = {UNRESOLVED: True}  # what a circle finds
            self._alive.append(schema)
            self._level += 1
            if self._level <= _CHAIN:
                self._flat[id(schema)] = self._flatten(schema)
            self._level -= 1
        return self._flat[id(schema)]

    def merged(self, base: JsonSchema, branch: JsonSchema) -> JsonSchema | None:
        """Both at once, flat; None where no value can satisfy both."""
        return merge(base, self.flat(branch), self)

    def spend(self, amount: int) -> bool:
        """Count work; False when this schema has had its share."""
        self.budget -= amount
        return self.budget > 0

    def _flatten(self, schema: JsonSchema) -> JsonSchema:
        alone = self._alone and "$ref" in schema
        parts: list[Any] = []
        for word in _REFERENCES:
            if word in schema:
                ref = self._reference(schema, word)
                parts.append(None if ref is None else self.resolve(ref, schema))
        every = None if alone else schema.get("allOf")
        parts += [each for each in every if isinstance(each, (dict, bool))] if isinstance(every, list) else []
        result = {} if alone else {key: value for key, value in schema.items() if key not in _INDIRECT}
        for part in parts:
            if part is None or (isinstance(part, dict) and not self.spend(1)):
                result[UNRESOLVED] = True
            elif part is False:
                result[EMPTY] = True
            elif isinstance(part, dict):
                # The first of two that exclude each other stays: something must be written.
                result = merge(result, self.flat(part), self) or {**result, CONFLICT: True}
        return result

    def _reference(self, schema: JsonSchema, word: str) -> str | None:
        """The pointer or anchor under a word; None where only the way that led there could tell."""
        ref = schema[word]
        if not isinstance(ref, str):
            return None
        if word != "$ref":
            self._scan()
            name = "" if word == "$recursiveRef" else ref[1:]
            if self._dynamic.get(name, 0) > (word == "$dynamicRef"):
                return None
        return ref

    def _sole_reference(self, schema: JsonSchema) -> str | JsonSchema | bool | None:
        """What a schema refers to if it says nothing else about types: a reference, or an allOf of one (pydantic 1)."""
        words = ["$ref"] if self._alone and "$ref" in schema else list(TYPE_WORDS.intersection(schema))
        if len(words) != 1:
            return None
        word = words[0]
        if word in _REFERENCES:
            return self._reference(schema, word)
        every = schema.get("allOf")
        if word == "allOf" and isinstance(every, list) and len(every) == 1 and isinstance(every[0], (dict, bool)):
            only: JsonSchema | bool = every[0]
            return only
        return None

    def _scan(self) -> Mapping[tuple[int, str], Any]:
        """What anchors name, by resource. On the way, which resource each schema belongs to."""
        if self._anchors is not None:
            return self._anchors
        anchors: dict[tuple[int, str], Any] = {}
        self._anchors = anchors
        waiting: list[tuple[Any, JsonSchema]] = [(self.root, self.root)]
        while waiting:
            at, resource = waiting.pop()
            values: Iterable[tuple[object, Any]] = enumerate(at) if isinstance(at, list) else at.items()
            if isinstance(at, dict):
                if not _IDENTITY.isdisjoint(at):
                    resource = self._noted(at, resource, anchors)
                if resource is not self.root:
                    self._resource[id(at)] = resource
            for key, value in values:
                if isinstance(value, (dict, list)) and key not in _DATA:
                    waiting.append((value, resource))
        return anchors

    def _noted(self, schema: JsonSchema, resource: JsonSchema, anchors: dict[tuple[int, str], Any]) -> JsonSchema:
        """The resource of a schema that has a name of its own, once its names are known."""
        identity = schema.get("$id")
        identity = identity if isinstance(identity, str) else ""
        if identity and identity[0] != "#" and ("$ref" not in schema or _NEW.search(self._edition)):
            resource = schema
        said = [schema.get("$anchor"), schema.get("$dynamicAnchor"), identity[1:] if identity[:1] == "#" else None]
        for anchor in said:
            if isinstance(anchor, str):
                anchors.setdefault((id(resource), anchor), schema)
        # What the way to a reference may replace; the nameless one is 2019-09's.
        names = [schema.get("$dynamicAnchor"), "" if schema.get("$recursiveAnchor") is True else None]
        for name in names:
            if isinstance(name, str):
                self._dynamic[name] = self._dynamic.get(name, 0) + 1
        return resource


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
