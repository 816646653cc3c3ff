"""What strangers may write: texts, names, values and schemas, right and wrong, for property tests."""

from __future__ import annotations

import keyword
from typing import Any

from hypothesis import strategies as st

from codegen.model import Tool

UNSEEN = "\0\r\t\x0b\x0c\x1b\x7f\x85\xad\u034f\u115f\u180b\u200b\u200d\u200e\u2028\u2029\u202e\u2066\u3164\ufe0e\ufeff"
FAR = "\U000e0041\U000f0000\ud800\udfff\ufffe"
TRICKS = (
    '"""', "'''", "\\", '\\"""', "\\N{DASH}", "\\u0022", "{}", "{0.__class__}", "%s", "# type: ignore", "# noqa",
    "coding: utf-7", "-*- coding: latin-1 -*-", "\nimport os\n", '")\nimport os\n(', "]\n", "</script>", "[x](y)",
    "`rm`", "|", "#", "\n#", "'", '"', '""', "\ud83d\ude42", "e\u0301", "\\\n",
)  # fmt: skip
NAMES = (
    *keyword.kwlist, *keyword.softkwlist, "UNSET", "call", "Any", "Literal", "NotRequired", "TypedDict", "Never",
    "locals", "extra", "extra_", "builtins", "list", "dict", "str", "int", "float", "bool", "lazy", "TYPE_CHECKING",
    "_client", "README", "skills", "__init__", "__class__", "__debug__", "__builtins__", "__", "_", "a", "b", "a-b",
    "a_b", "a b", "A", "ﬁ", "fi", "ß", "SS", "ss", "İ", "\u0131", "I", "K", "\u212a", "é", "e\u0301", "\u0430", "名前",
    "🙂", "²", "1a", "con", "aux.", "nul.txt", "COM¹", "com1", "$ref", "properties", "x" * 300, "é" * 300, "", ".",
    "..", "a/b", "a\0b",
)  # fmt: skip

texts = (
    st.lists(st.sampled_from([*TRICKS, *UNSEEN, *FAR, "a", " ", "é", "one."]), max_size=8).map("".join)
    | st.text(max_size=30)
)  # fmt: skip
names = st.sampled_from(NAMES) | texts
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 2**53, 1e308, -0.0])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)

_types = st.sampled_from(
    ["string", "integer", "number", "boolean", "null", "array", "object", "dict", "Str", "any", "?"]
)
_keys = st.sampled_from(["a", "b", "c"]) | names
_pointers = ["#", "#/$defs/A", "#/$defs/B", "#/definitions/C", "#/properties/a", "#/$defs/none", "#here", "#dynamic"]
_elsewhere = [
    "#/$defs/A/items",
    "#/allOf/0",
    "other.json",
    "file:///etc/passwd",
    "https://example.com/x",
    "#/%24defs/A",
]
_references = st.sampled_from([*_pointers, *_elsewhere]) | texts


def _words(inner: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    """Every word of the two editions that says something about a type or stands beside it, with values that fit."""
    some = st.lists(inner, min_size=1, max_size=3)
    by_key = st.dictionaries(_keys, inner, max_size=4)
    said: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(
        ["items", "additionalItems", "unevaluatedItems", "additionalProperties", "unevaluatedProperties"], inner
    )
    said |= dict.fromkeys(["contains", "propertyNames", "not", "if", "then", "else"], inner)
    said |= dict.fromkeys(["allOf", "anyOf", "oneOf", "prefixItems"], some)
    said |= dict.fromkeys(["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"], by_key)
    said |= dict.fromkeys(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"], numbers)
    said |= dict.fromkeys(["minLength", "maxLength", "minItems", "maxItems", "minProperties"], st.integers(-1, 5))
    said |= dict.fromkeys(["title", "description", "format", "pattern", "$comment", "$id", "x-unknown"], texts)
    said |= dict.fromkeys(["nullable", "uniqueItems", "deprecated", "readOnly", "$recursiveAnchor"], st.booleans())
    said |= dict.fromkeys(["$ref", "$dynamicRef", "$recursiveRef"], _references)
    said |= dict.fromkeys(["$anchor", "$dynamicAnchor"], st.sampled_from(["here", "dynamic"]))
    said |= dict.fromkeys(["enum", "examples"], st.lists(values, max_size=5))
    said |= dict.fromkeys(["const", "default"], values)
    said["type"] = _types | st.lists(_types, max_size=3)
    said["required"] = st.lists(_keys, max_size=3)
    said["dependencies"] = st.dictionaries(_keys, inner | st.lists(_keys, max_size=2), max_size=2)
    said["$schema"] = st.sampled_from(
        ["http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema"]
    )
    return said


def _objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fitting = _words(inner)
    words = {word: st.one_of(fits, fits, fits, fits, values) for word, fits in fitting.items()}
    telling = ["type", "properties", "items", "anyOf", "allOf", "$ref", "required", "enum", "additionalProperties"]
    chosen = st.lists(st.sampled_from([*words, *telling, *telling]), max_size=5, unique=True)
    return chosen.flatmap(lambda those: st.fixed_dictionaries({word: words[word] for word in those}))


schemas = st.recursive(
    st.booleans() | _types.map(lambda word: {"type": word}) | _references.map(lambda ref: {"$ref": ref}) | values,
    _objects,
    max_leaves=10,
)


@st.composite
def tools(draw: st.DrawFn) -> Tool:
    """A tool of which nothing is as it should be, with definitions that its references can reach."""
    properties = draw(st.dictionaries(_keys, schemas, max_size=4))
    root = {"type": "object", "properties": properties, "$defs": {"A": draw(schemas), "B": draw(schemas)}}
    root |= {
        "definitions": {"C": draw(schemas)},
        "required": draw(st.lists(st.sampled_from([*properties, "z"]), max_size=3)),
    }
    over = draw(_objects(schemas) | st.just({}))
    wire = {
        "name": draw(names),
        "description": draw(texts),
        "inputSchema": {**root, **over},
        "outputSchema": draw(schemas),
    }
    return Tool(draw(names), wire["name"], wire)


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from([0.0, 1.0, 1.5, "", "a", "b", "ab"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=5,
)
"""Few and alike, so that schemas and instances meet."""


def _standard(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas that a validator of 2020-12 takes."""
    kinds = st.sampled_from(["string", "integer", "number", "boolean", "null", "array", "object"])
    some, by_key = st.lists(inner, min_size=1, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    said: dict[str, st.SearchStrategy[Any]] = {
        "type": kinds | st.lists(kinds, min_size=1, max_size=3, unique=True),
        "enum": st.lists(plain_values, min_size=1, max_size=4),
        "const": plain_values,
        "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "b", "c$"]), inner, max_size=2),
        "maxItems": st.integers(0, 3),
        "$ref": st.sampled_from(["#", "#/$defs/A", "#/$defs/B", "#/properties/a", "#here"]),
        "$dynamicRef": st.sampled_from(["#here", "#/$defs/A"]),
        "$dynamicAnchor": st.just("here"),
        "properties": by_key,
        **dict.fromkeys(["prefixItems", "anyOf", "oneOf", "allOf"], some),
        **dict.fromkeys(["additionalProperties", "unevaluatedProperties", "items", "not", "if", "then"], inner),
    }
    words = st.lists(
        st.sampled_from([*said, "type", "properties", "anyOf", "$ref"]), min_size=1, max_size=4, unique=True
    )
    return words.flatmap(lambda those: st.fixed_dictionaries({word: said[word] for word in those}))


_inner = st.recursive(st.booleans() | st.sampled_from([{"$ref": "#"}, {"type": "string"}]), _standard, max_leaves=8)
standard_schemas = st.builds(lambda root, a, b: {**root, "$defs": {"A": a, "B": b}}, _standard(_inner), _inner, _inner)
