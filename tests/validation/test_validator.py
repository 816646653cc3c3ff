"""What is refused before it leaves, what is not, and what is said about it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from generate.test_hostile import MOST_CALLS, calls

from codegen.validation.refusal import refusal
from codegen.validation.validator import validator_for

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
needs_corpora = pytest.mark.skipif(not CORPORA.is_dir(), reason=f"no corpora at {CORPORA}")

LINE = {
    "type": "object",
    "properties": {"sku": {"type": "string", "pattern": r"^[A-Z]{2}-\d{3}$"}, "qty": {"type": "integer", "minimum": 1}},
    "required": ["sku", "qty"],
}


def closed(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


def said(schema: dict[str, Any], arguments: dict[str, Any], **names: str) -> str:
    """The refusal; empty where the call may leave."""
    validator, left_out = validator_for(schema)
    assert validator is not None, left_out
    errors = validator.errors(arguments)
    return refusal(errors, validator.schema, names) if errors else ""


def one(schema: object, value: object, **more: Any) -> str:
    """What is said of the argument `a`."""
    text = said({"type": "object", "properties": {"a": schema}, **more}, {"a": value})
    return text.removeprefix("a: ").removesuffix(" (nothing was sent)")


def rows(name: str) -> list[dict[str, Any]]:
    with gzip.open(CORPORA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def test_an_error_names_the_place_what_was_given_and_what_is_accepted():
    assert one({"type": "integer"}, "ten") == '"ten" given, int accepted'
    text = said({"properties": {"lines": {"items": LINE}}}, {"lines": [{"sku": "LI-101", "qty": 0}]})
    assert text == "lines[0].qty: 0 given, >= 1 accepted (nothing was sent)"


def test_several_errors_stand_below_each_other_outermost_first_and_no_more_than_five():
    schema = closed({"title": {"type": "string"}, "lines": {"type": "array", "items": LINE}}, required=["title"])
    text = said(schema, {"titel": "x", "lines": [{"sku": "LI-1", "qty": 0}, {}, {"sku": 5}]})
    assert text.splitlines() == [
        "8 errors in the arguments, nothing was sent",
        "  titel: unknown; did you mean title?",
        "  title: missing",
        '  lines[0].sku: "LI-1" given, text that matches ^[A-Z]{2}-\\d{3}$ accepted',
        "  lines[0].qty: 0 given, >= 1 accepted",
        "  lines[1].sku: missing",
        "  …+3",
    ]


def test_an_argument_is_called_as_the_script_calls_it():
    schema = {"properties": {"filter-query": {"type": "integer"}}}
    assert said(schema, {"filter-query": "5"}, **{"filter-query": "filter_query"}).startswith("filter_query: ")
    assert said({"properties": {"a": {"properties": {"x-y": {"type": "null"}}}}}, {"a": {"x-y": 5}}).startswith(
        'a."x-y": '
    )


@pytest.mark.parametrize(
    ("schema", "value", "text"),
    [
        ({"type": ["integer", "null"]}, "5", '"5" given, one of int, None accepted'),
        ({"enum": ["open", "closed"]}, "opne", '"opne" given, one of "open", "closed" accepted; did you mean "open"?'),
        ({"enum": ["OPEN", "CLOSED"]}, "open", '"open" given, one of "OPEN", "CLOSED" accepted; did you mean "OPEN"?'),
        ({"enum": ["open", "shut"], "type": "string"}, 5, '5 given, one of "open", "shut" accepted'),
        ({"anyOf": [{"enum": ["a"], "type": "string"}, {"type": "null"}]}, 5, '5 given, one of "a", None accepted'),
        ({"const": 1}, 2, "2 given, 1 accepted"),
        ({"const": "north"}, "nort", '"nort" given, "north" accepted'),
        ({"enum": list(range(20))}, 30, "30 given, one of 0, 1, 2, 3, 4, 5, 6, 7, …+12 accepted"),
        ({"exclusiveMaximum": 3}, 3, "3 given, < 3 accepted"),
        ({"multipleOf": 5}, 3, "3 given, a multiple of 5 accepted"),
        ({"maxLength": 2}, "abc", "3 characters given, <= 2 accepted"),
        ({"minItems": 1}, [], "0 items given, >= 1 accepted"),
        ({"uniqueItems": True}, [1, 1], "an item is given twice, each once is accepted"),
        ({"type": "string"}, {"b": 1}, "a dict given, str accepted"),
        ({"type": "integer"}, True, "True given, int accepted"),
        ({"type": "string"}, 10**400, f"{hex(10**400)[:59]}… given, str accepted"),
        ({"not": {"type": "integer"}}, 1, "1 given, it breaks the rule `not`"),
        (False, 1, "given, not accepted here"),
    ],
)
def test_every_rule_is_said_in_a_few_words(schema, value, text):
    assert one(schema, value) == text


def test_of_many_values_the_nearest_are_named():
    text = one({"enum": [f"country{number}" for number in range(200)]}, "cuntry44")
    assert text.startswith('"cuntry44" given, one of 200 values accepted; did you mean "country44" or ')
    assert len(text) < 140


def test_none_for_an_argument_that_may_be_left_out_is_refused_with_that_advice():
    advice = "None given, str accepted; None is sent as null: leave the argument out instead"
    assert one({"type": "string", "default": None}, None) == advice
    assert one({"type": "string"}, None, required=["a"]) == "None given, str accepted"
    assert one({"type": ["string", "null"], "default": None}, None) == ""


USER = closed({"kind": {"const": "user"}, "id": {"type": "integer"}}, required=["kind", "id"])
TEAM = closed({"kind": {"const": "team"}, "slug": {"type": "string"}}, required=["kind", "slug"])


@pytest.mark.parametrize("word", ["anyOf", "oneOf"])
def test_of_variants_the_one_that_was_meant_speaks(word):
    either = {word: [USER, TEAM, {"type": "null"}]}
    text = said({"properties": {"to": either}}, {"to": {"kind": "team", "slug": 5}})
    assert text.startswith("to.slug: 5 given, str accepted")
    assert one(either, "me") == '"me" given, one of dict, None accepted'
    text = said({"properties": {"to": either}}, {"to": {"kind": "temm", "slug": "x"}})
    assert text.startswith('to.kind: "temm" given, one of "user", "team" accepted; did you mean "team"?')
    assert one({word: [{"enum": ["new", "paid"]}, {"type": "null"}]}, "nwe").endswith('did you mean "new"?')
    assert one({word: [{"type": "integer", "minimum": 1}, {"type": "null"}]}, 0) == "0 given, >= 1 accepted"


def test_a_variant_deep_in_a_recursive_schema_is_named_by_its_place():
    both = closed({"and": {"type": "array", "items": {"$ref": "#/$defs/f"}}}, required=["and"])
    leaf = closed({"field": {"type": "string"}, "op": {"enum": ["eq", "lt"]}}, required=["field", "op"])
    schema = {"$defs": {"f": {"anyOf": [both, leaf]}}, "properties": {"filter": {"$ref": "#/$defs/f"}}}
    good = {"field": "x", "op": "eq"}
    assert said(schema, {"filter": {"and": [good, {"and": [good]}]}}) == ""
    text = said(schema, {"filter": {"and": [good, {"and": [good | {"op": "qe"}]}]}})
    assert text.startswith('filter.and[1].and[0].op: "qe" given, one of "eq", "lt" accepted')


def test_arguments_of_which_one_is_needed_or_only_one_may_be():
    needs = [{"required": ["path"]}, {"required": ["url", "ref"]}]
    schema = {"type": "object", "properties": {"path": {}, "url": {}, "ref": {}}}
    assert said({**schema, "anyOf": needs}, {}) == "path or ref + url is missing (nothing was sent)"
    text = said({**schema, "oneOf": needs}, {"path": 1, "url": 2, "ref": 3})
    assert text == "given together, of which only one may be: path | url + ref (nothing was sent)"


def test_text_of_a_server_reaches_a_message_clean_and_cut():
    text = one({"enum": ["a\u202eb", "x" * 500]}, "z" * 400)
    assert "\u202e" not in text
    assert len(text) < 250
    text = one({"pattern": "^\x1b[31m\n" + "x" * 300 + "\u200b"}, "q\x07")
    assert text.isprintable()
    assert len(text) < 140


def test_a_key_that_nobody_knows_may_be_the_one_that_is_missing():
    schema = {"properties": {"quantity": {}}, "required": ["quantity"]}
    assert said(schema, {"quantty": 1}) == "quantity: missing; quantty given, not known (nothing was sent)"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "format": "date"}, "no date"),  # an annotation, unless both sides agree otherwise
        ({"type": "integer"}, 1.0),
        ({"type": "number"}, 10**400),
        ({"type": "string"}, "\ud800"),
        ({"type": "string", "nullable": True}, None),
        ({"enum": []}, "anything"),
        ({"pattern": r"^\<b\>$"}, "<b>"),
        ({"pattern": r"^[a&&b~~c[]+$"}, "&~["),
        ({"properties": {"b": {"type": "string"}}}, {"c": 1}),
    ],
)
def test_what_the_schema_does_not_forbid_may_leave(schema, value):
    assert one(schema, value) == ""


def test_the_edition_that_a_schema_names_is_followed():
    tuples = {"type": "array", "items": [{"type": "string"}], "additionalItems": False}
    draft_07 = {"$schema": "http://json-schema.org/draft-07/schema#"}
    assert "int accepted" in one({"type": "integer"}, "x", **{"$schema": "https://json-schema.org/draft-07/schema/"})
    assert one(tuples, ["x", "y"], **draft_07) == "2 items given, <= 1 accepted"
    assert one({"type": "array", "prefixItems": [{"type": "string"}]}, [1], **draft_07) == ""
    assert "str accepted" in one({"type": "array", "prefixItems": [{"type": "string"}]}, [1])


@pytest.mark.parametrize(
    "corner",
    [
        {"type": "any"},
        {"type": "string", "required": True},
        {"type": "string", "pattern": "("},
        {"type": "string", "pattern": "(?=x)y"},  # no linear time
        {"$ref": "https://example.com/schema.json"},
        {"$ref": "file:///etc/passwd"},
        {"$ref": "#/$defs/none"},
        {"anyOf": "x"},
        {"minimum": "3"},
        "string",
    ],
    ids=str,
)
def test_what_is_no_json_schema_costs_its_corner_alone(corner):
    schema = closed({"a": corner, "b": {"type": "integer"}})
    assert said(schema, {"a": "x", "b": 1}) == ""
    assert said(schema, {"a": "x", "b": "1"}) == 'b: "1" given, int accepted (nothing was sent)'
    assert validator_for(schema)[1], "what is left out is told"


def test_words_that_are_not_json_schemas_mean_what_they_say():
    assert one({"type": "dict"}, 1) == "1 given, dict accepted"
    assert one({"type": ["str", "none"]}, 1) == "1 given, one of str, None accepted"
    assert one({"$ref": "#/$defs/A[B]"}, 1, **{"$defs": {"A[B]": {"type": "string"}}}) == "1 given, str accepted"


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"not": {"pattern": "("}}}},
        {"properties": {"a": {"oneOf": [{"type": "any"}, {"type": "string"}]}}},
        {"properties": {"a": {"$ref": "#/$defs/none"}}, "unevaluatedProperties": False},
        {"$schema": "https://example.com/dialect", "properties": {"a": {"type": "string"}}},
    ],
    ids=["not", "oneOf", "unevaluatedProperties", "another dialect"],
)
def test_where_leaving_a_corner_out_would_refuse_more_nothing_is_refused(schema):
    validator, left_out = validator_for(schema)
    assert validator is None
    assert left_out


def test_a_key_pattern_that_is_no_regex_refuses_no_key():
    schema = {"patternProperties": {"(": {}, "^a": {"type": "integer"}}, "additionalProperties": False}
    assert said(schema, {"x": 5, "a": 5}) == ""
    assert said(schema, {"a": "5"}) == 'a: "5" given, int accepted (nothing was sent)'


def nested(inner: object, depth: int, wrap: Any) -> Any:
    for _ in range(depth):
        inner = wrap(inner)
    return inner


def chain(levels: int) -> dict[str, Any]:
    """Variants of variants, all in one place."""
    steps = {f"s{n}": {"anyOf": [{"$ref": f"#/$defs/s{n + 1}"}, {"type": "null"}]} for n in range(levels)}
    return {"$defs": {**steps, f"s{levels}": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/s0"}}}


def doubling(word: str, levels: int) -> dict[str, Any]:
    """Ten lines of schema, 2**levels steps."""
    steps = {f"s{n}": {word: [{"$ref": f"#/$defs/s{n + 1}"}] * 2} for n in range(levels)}
    return {"$defs": {**steps, f"s{levels}": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/s0"}}}


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        (chain(300), {"a": 1}),
        (chain(600), {"a": 1}),
        (doubling("anyOf", 40), {"a": 1}),
        (doubling("oneOf", 40), {"a": 1}),
        (doubling("allOf", 40), {"a": "x"}),
        ({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}, {"a": 1}),
        (
            {
                "$defs": {"n": {"anyOf": [{"properties": {"c": {"$ref": "#/$defs/n"}}, "required": ["z"]}] * 2}},
                "properties": {"a": {"$ref": "#/$defs/n"}},
            },
            {"a": nested(1, 60, lambda inner: {"c": inner})},
        ),
        ({"$defs": {"n": {"items": {"$ref": "#/$defs/n"}}}, "$ref": "#/$defs/n"}, {"a": nested(1, 900, lambda x: [x])}),
        ({"properties": {"a": {"pattern": "^(a|a)*$"}}}, {"a": "a" * 100_000 + "b"}),
        ({"properties": {"a": {"pattern": r"(?=(\w+)+$)x"}}}, {"a": "a" * 100_000}),
        ({"properties": {"a": {"pattern": "((a{1000}){1000}){1000}"}}}, {"a": "a"}),
        ({"properties": {f"p{n}": {"pattern": f"x{n}(?=y)"} for n in range(400)}}, {"p1": 5}),
        ({"properties": {f"p{n}": {"pattern": "\\w{1,900}"} for n in range(4_000)}}, {"p1": 5}),
        ({"properties": {"a": {"enum": [str(n) for n in range(300_000)]}}}, {"a": "x"}),
        (nested({"type": "string"}, 5_000, lambda inner: {"properties": {"a": inner}}), {"a": 1}),
        (nested({"type": "string"}, 100_000, lambda inner: {"allOf": [inner], "nullable": True}), {"a": 1}),
        ({"properties": {"a": {"enum": [1]}}}, {"a": nested(1, 900, lambda inner: [inner])}),
        ({"properties": {"a": {"anyOf": [{"enum": [str(n)]} for n in range(900)]}}}, {"a": "x" * 1_000_000}),
    ],
    ids=[
        *("chain", "long chain"),
        *("anyOf", "oneOf", "allOf", "circle", "recursion", "deep arguments", "backtracking", "lookahead"),
        *("repeats", "many lookaheads", "many patterns", "long enum", "deep schema", "deeper schema", "deep value"),
        "long text",
    ],
)
@pytest.mark.timeout(20)
def test_a_hostile_schema_neither_hangs_nor_fails(schema, arguments):
    validator, left_out = validator_for(schema)
    assert validator is not None or left_out
    if validator is not None and (errors := validator.errors(arguments)):
        assert len(refusal(errors, validator.schema, {})) < 1_000


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        (closed({f"property_number_{n}": {} for n in range(2_000)}), {f"propertie_numbr_{n}": 1 for n in range(300)}),
        (
            {"properties": {f"p{n}": {} for n in range(2_000)}, "required": [f"p{n}" for n in range(2_000)]},
            {f"q{n}": 1 for n in range(50)},
        ),
        (
            {"properties": {"a": {"items": {"enum": [f"value number {n}" for n in range(1_000)]}}}},
            {"a": [f"valeu numbr {n}" for n in range(300)]},
        ),
        ({"required": [f"r{n}" for n in range(100_000)]}, {}),
        ({"anyOf": [{"$ref": "#"}]}, {"a": 1}),
        ({"if": {"$ref": "#"}, "then": {"$ref": "#"}}, {"a": 1}),
    ],
    ids=["unknown", "missing", "values", "missing by far", "circle of a choice", "circle of a condition"],
)
def test_what_is_wrong_in_hundreds_of_places_costs_no_more_than_what_is_shown(schema, arguments):
    validator, _ = validator_for(schema)
    assert validator is not None

    def work() -> None:
        errors = validator.errors(arguments)
        assert not errors or " errors in the arguments, nothing was sent\n" in refusal(errors, schema, {})

    assert calls(work) < MOST_CALLS // 2


@needs_corpora
def test_every_instance_of_a_real_tool_passes_and_every_schema_compiles():
    count = 0
    for row in rows("tools"):
        validator, left_out = validator_for(row["inputSchema"])
        assert validator is not None, (row["server"], row["name"], left_out)
        for instance in row.get("instances") or []:
            assert validator.errors(instance) == [], (row["server"], row["name"])
            count += 1
    assert count > 5_000


@needs_corpora
def test_every_wrong_argument_of_a_real_tool_is_described_in_few_words():
    """A number where text belongs and text where a number belongs, for every top-level argument."""
    for row in rows("tools")[::7]:
        validator, _ = validator_for(row["inputSchema"])
        for instance in (row.get("instances") or [])[:1]:
            for key, value in instance.items():
                wrong = {**instance, key: -5.5 if isinstance(value, (str, list, dict)) else "zzz"}
                if errors := validator.errors(wrong):
                    text = refusal(errors, validator.schema, {})
                    assert text.startswith(("errors", key, '"')) or key in text, text
                    assert len(text) < 800


@needs_corpora
@pytest.mark.timeout(60)
def test_no_hostile_tool_raises():
    for row in rows("hostile"):
        schema = row["inputSchema"]
        validator, left_out = validator_for(schema if isinstance(schema, dict) else {})
        assert validator is not None or left_out
        for arguments in ({}, {"a": 1}, {"x": None, "y": [[{}]]}):
            if validator is not None and (errors := validator.errors(arguments)):
                assert refusal(errors, validator.schema, {}).replace("\n", " ").isprintable()


@needs_corpora
@pytest.mark.parametrize("edition", ["draft7", "draft2020-12"])
def test_no_valid_instance_of_the_standards_own_suite_is_refused(edition):
    """The invalid ones need not be found: formats are not asserted, other documents are not fetched."""
    schema_of = {"draft7": "http://json-schema.org/draft-07/schema#"}.get(edition)
    refused = found = 0
    for file in sorted((CORPORA / "json-schema-suite").rglob(f"{edition}/*.json")):
        for group in json.loads(file.read_text()):
            schema = group["schema"]
            if not isinstance(schema, dict):
                continue
            validator, _ = validator_for({"$schema": schema_of, **schema} if schema_of else schema)
            for case in group["tests"] if validator is not None else ():
                errors = validator.errors(case["data"])
                text = refusal(errors, validator.schema, {}) if errors else ""
                assert not (case["valid"] and errors), (file.name, group["description"], case["description"], text)
                assert len(text) < 1_000
                refused += not case["valid"]
                found += bool(errors)
    assert found > 0.9 * refused > 300
