"""Schemas written to break a generator: too deep, too wide, too long, doubling, circular, or plainly wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

FAR = 100_000
"""Levels: more than any stack has."""


def _deep(wrap: Callable[[Any], Any], leaf: Any = None) -> Any:
    """Built from the inside, because nothing that calls itself gets there."""
    at = {"type": "string"} if leaf is None else leaf
    for _ in range(FAR):
        at = wrap(at)
    return at


def _listed() -> Any:
    return _deep(lambda inner: [inner], 1)


def _keyed() -> Any:
    return _deep(lambda inner: {"a": inner}, 1)


def _fields(names: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}}


def _to(number: int) -> dict[str, Any]:
    return {"$ref": f"#/$defs/d{number}"}


def _chain(link: Callable[[int], Any], length: int = 60) -> dict[str, Any]:
    """Definitions of which each is made of the next."""
    definitions = {f"d{number}": link(number + 1) for number in range(length)}
    return {**_to(0), "$defs": {**definitions, f"d{length}": _fields("a")}}


def _clique(link: Callable[[int], Any], size: int = 30) -> dict[str, Any]:
    """Definitions of which each is made of all."""
    return {**_to(0), "$defs": {f"d{number}": link(number) for number in range(size)}}


def _circle(number: int) -> dict[str, Any]:
    """A property whose parts are choices of each other."""
    parts = [f"#/properties/p{number}/anyOf/{n}" for n in range(6)]
    return {"anyOf": [{"anyOf": [{"type": "array", "items": {"$ref": part}} for part in parts]} for _ in parts]}


def _doubled() -> Any:
    """One object in many places: 2**30 of them, written out."""
    at = _fields("a")
    for _ in range(30):
        at = {"type": "object", "properties": {"a": at, "b": at}}
    return at


HUGE = 10**5_000
WORDS = (
    "type",
    "properties",
    "items",
    "enum",
    "anyOf",
    "allOf",
    "required",
    "$ref",
    "format",
    "title",
    "minimum",
    "$id",
)

SCHEMAS: Mapping[str, Callable[[], Any]] = {
    "deep items": lambda: _deep(lambda inner: {"type": "array", "items": inner}),
    "deep properties": lambda: _deep(lambda inner: {"properties": {"a": inner}, "required": ["a"]}),
    "deep anyOf": lambda: _deep(lambda inner: {"anyOf": [inner, {"type": "integer"}]}),
    "deep oneOf of objects": lambda: _deep(lambda inner: {"oneOf": [{"properties": {key: inner}} for key in "ab"]}),
    "deep allOf": lambda: _deep(lambda inner: {"allOf": [inner, {"title": "x"}]}),
    "deep allOf of one": lambda: _deep(lambda inner: {"allOf": [inner]}),
    "deep not": lambda: _deep(lambda inner: {"not": inner}),
    "deep unknown word": lambda: _deep(lambda inner: {"x": inner}),
    "deep default": lambda: {"type": "array", "default": _listed(), "examples": [_keyed()], "example": _listed()},
    "deep values": lambda: {"enum": [_listed(), _keyed()]},
    "deep constant": lambda: {"const": _keyed()},
    "deep texts": lambda: {"description": _listed(), "title": _keyed(), "$comment": _listed(), "pattern": _keyed()},
    "deep format": lambda: {"type": "string", "format": _listed(), "minimum": _listed(), "deprecated": _keyed()},
    "deep type": lambda: {"type": _listed(), "required": _listed(), "nullable": _keyed()},
    "deep list for a schema": lambda: {"anyOf": [{"properties": {"x": _listed()}}], "properties": {"x": _listed()}},
    "deep twins": lambda: {"oneOf": [{"properties": {"x": {"default": _listed()}}} for _ in range(2)]},
    "long chain of references": lambda: _chain(_to, FAR),
    "long pointer": lambda: {"$ref": "#" + "/a" * FAR, "a": _keyed()},
    "many values": lambda: {"enum": [f"v{number}" for number in range(2 * FAR)]},
    "many numbers": lambda: {"enum": list(range(2 * FAR))},
    "many constants": lambda: {"anyOf": [{"const": f"c{number}"} for number in range(5_000)]},
    "many types": lambda: {"type": ["string", "?"] * FAR},
    "many properties": lambda: _fields(f"p{number}" for number in range(FAR)),
    "many required": lambda: {"required": [f"p{number}" for number in range(FAR)], "additionalProperties": True},
    "many branches": lambda: {"anyOf": [_fields([f"k{number}"]) for number in range(20_000)]},
    "many equal branches": lambda: {"oneOf": [{"type": "string"}] * 50_000},
    "many parts": lambda: {"allOf": [{"required": [f"k{number}" for number in range(50)]}] * 5_000},
    "many parts with keys": lambda: {"allOf": [_fields([f"k{number}"]) for number in range(20_000)]},
    "many patterns": lambda: {"patternProperties": {f"^{n}": {"items": {"type": "string"}} for n in range(20_000)}},
    "many places": lambda: {"prefixItems": [_fields([f"k{number}"]) for number in range(20_000)]},
    "many anchors": lambda: {"$ref": "#a9", "$defs": {f"d{n}": {"$anchor": f"a{n}"} for n in range(20_000)}},
    "many classes of one title": lambda: {"anyOf": [{"title": "T", **_fields([f"k{n}"])} for n in range(200)]},
    "many names that clean to one": lambda: _fields("!" * number for number in range(1_000)),
    "long names": lambda: _fields(each * 20_000 for each in ("_", "é", "a\u200b", "\ud800")),
    "long texts": lambda: {
        "type": "string",
        "description": "x y" * 10**6,
        "default": "é" * 10**6,
        "title": "T" * 10**6,
    },
    "long pattern": lambda: {"pattern": "(a+)+$" * 10**6, "format": "z" * 10**6, "examples": ["q\n" * 10**6]},
    "blank text": lambda: {"description": " " * 10**7 + "x", "title": "\n" * 10**7},
    "text of full stops": lambda: {"description": ". " * 10**6},
    "huge numbers": lambda: {"minimum": HUGE, "maximum": -HUGE, "multipleOf": 1e999, "default": HUGE, "enum": [HUGE]},
    "huge lengths": lambda: {"minLength": HUGE, "maxItems": HUGE, "exclusiveMinimum": float("nan"), "minItems": -HUGE},
    "huge numbers merged": lambda: {
        "allOf": [{"enum": [HUGE, 1]}, {"enum": [HUGE, 1.0]}, {"enum": [float("nan"), HUGE]}]
    },
    "values of every kind": lambda: {
        "enum": [1, 1.0, True, "1", None, [], {}, float("inf"), -0.0, "\ud800", "x" * FAR]
    },
    "doubling anyOf": lambda: _chain(lambda following: {"anyOf": [_to(following)] * 10}),
    "doubling oneOf": lambda: _chain(lambda following: {"oneOf": [_to(following)] * 10}),
    "doubling allOf": lambda: _chain(lambda following: {"allOf": [_to(following)] * 10}),
    "doubling places": lambda: _chain(lambda following: {"prefixItems": [_to(following)] * 10}),
    "doubling types": lambda: _chain(
        lambda following: {"anyOf": [{"items": _to(following)}, {"additionalProperties": _to(following)}]}
    ),
    "doubling by all ways": lambda: _chain(
        lambda following: {word: [_to(following), {"type": "string"}] for word in ("anyOf", "oneOf", "allOf")}
    ),
    "doubling variants": lambda: _chain(
        lambda following: {
            **_fields([f"p{following}"]),
            "anyOf": [_to(following), {"required": ["a"], **_to(following)}],
        }
    ),
    "products": lambda: {"allOf": [{"oneOf": [_fields([f"a{k}{n}"]) for n in range(20)]} for k in range(20)]},
    "one object in many places": _doubled,
    "all in all": lambda: _clique(lambda _: {"anyOf": [{"items": _to(n)} for n in range(30)]}),
    "all objects in all": lambda: _clique(
        lambda own: {"anyOf": [{"items": _to(own)}, {"properties": {f"k{n}": _to(n) for n in range(30)}}]}
    ),
    "all merged in all": lambda: _clique(lambda _: {"allOf": [_to(number) for number in range(30)]}),
    "many circles": lambda: {"type": "object", "properties": {f"p{n}": _circle(n) for n in range(1_000)}},
    "one class in many": lambda: {
        "$defs": {"base": _fields(f"p{n}{'x' * 150}" for n in range(1_000))},
        "properties": {f"c{n}": {"allOf": [{"$ref": "#/$defs/base"}, _fields([f"own{n}"])]} for n in range(500)},
    },
    "one list of values in many places": lambda: {
        "$defs": {"e": {"enum": [f"{n}{'x' * 30}" for n in range(60)]}},
        "properties": {f"p{n}": {"items": {"$ref": "#/$defs/e"}} for n in range(1_000)},
    },
    "one choice in many places": lambda: {
        "$defs": {f"d{n}": {"title": f"{'N' * 36}{n}", **_fields([f"k{n}"])} for n in range(199)},
        "properties": {f"p{number}": {"anyOf": [_to(n) for n in range(199)]} for number in range(900)},
    },
    "one list of values in many parts": lambda: {
        "$defs": {"e": {"enum": [f"v{n}" for n in range(20_000)]}},
        "allOf": [{"$ref": "#/$defs/e"}] * 1_000,
    },
    "itself": lambda: {"$ref": "#"},
    "part of itself": lambda: {"allOf": [{"$ref": "#"}, {"type": "object", "$ref": "#"}]},
    "choice of itself": lambda: {"anyOf": [{"$ref": "#"}, {"$ref": "#"}, {"type": "string"}]},
    "itself by every name": lambda: {"$dynamicRef": "#a", "$recursiveRef": "#", "$ref": "#a", "$dynamicAnchor": "a"},
    "words of the wrong kind": lambda: {word: [] for word in WORDS},
    "words of another wrong kind": lambda: dict.fromkeys(WORDS, 5),
    "words of a huge kind": lambda: {"type": HUGE},
}
