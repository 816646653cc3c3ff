"""The result rule, on every result of tests/servers/awkward.py: alone, and through server, broker and script."""

from __future__ import annotations

import sys

import pytest
from conftest import SERVERS

from codegen.catalogue.source import MISSING, CallResult
from codegen.errors import ToolFailedError
from codegen.generate.returns import ReturnRule, return_rule
from codegen.model import Tool
from codegen.runtime.results import error_text, value_of

sys.path.append(str(SERVERS))
from awkward import PNG, RESULTS, TEXTS, wrapper

IMAGE, BLOB = "a file of 70 bytes, .png", "a file of 3 bytes, .bin"
LINK = {"type": "resource_link", "uri": "https://docs.invalid/page", "name": "page"}
VALUES = {
    "wrapped_text": {"result": "5"},
    "wrapped_int": {"result": 5},
    "wrapped_list": {"result": ["a", "5"]},
    "wrapped_empty_list": {"result": []},
    "wrapped_object": {"result": {"id": 7}},
    "wrapped_null": {"result": None},
    "wrapped_twice": {"result": {"result": "5"}},
    "result_beside_count": {"result": "5", "count": 1},
    "plain_object": {"id": 7, "tags": ["5"]},
    "undeclared_structured": {"id": 7, "result": "5"},
    "undeclared_wrapper": {"result": "5"},
    "text_number": "5",
    "text_null": "null",
    "text_quoted": '"quoted"',
    "text_object": {"id": 7, "big": 12345678901234567890, "ratio": 1.0},
    "text_list": [1, "2", None],
    "text_almost_json": "{'id': 7}",
    "text_hostile": "".join(TEXTS.values()),
    "several_texts": ["first", {"second": 2}],
    "text_and_image": ["a picture", IMAGE],
    "only_image": IMAGE,
    "blob": BLOB,
    "text_resource": "inside",
    "link": LINK,
    "nothing": None,
}
ERRORS = {"fails": "no such thing\nand more", "fails_without_text": "the tool failed", "fails_structured": "bad id"}
UNSAID = {"text_nan"}  # NaN is not equal to itself


def saved(content: bytes, ending: str) -> str:
    return f"a file of {len(content)} bytes, {ending}"


def answer(raw: dict) -> CallResult:
    return CallResult(tuple(raw["content"]), raw.get("structuredContent", MISSING), raw.get("isError") is True)


def texts(*blocks: str) -> CallResult:
    return CallResult(tuple({"type": "text", "text": block} for block in blocks))


def rule(schema: dict | None) -> ReturnRule:
    return return_rule(Tool("s", "t", {"outputSchema": schema} if schema is not None else {}))


def test_every_result_of_the_awkward_server_is_said_here():
    assert VALUES.keys() | ERRORS.keys() | UNSAID == RESULTS.keys()
    assert saved(PNG, ".png") == IMAGE


@pytest.mark.parametrize("name", VALUES)
def test_the_value_of(name):
    schema, raw = RESULTS[name]
    assert value_of(answer(raw), rule(schema), saved) == VALUES[name]


@pytest.mark.parametrize("name", ERRORS)
def test_the_message_of(name):
    assert error_text(answer(RESULTS[name][1])) == ERRORS[name]


def test_an_error_that_only_has_structured_content_says_that():
    assert error_text(CallResult((), {"id": "ü"}, is_error=True)) == '{"id": "ü"}'


WRAP = {"x-fastmcp-wrap-result": True}


@pytest.mark.parametrize(
    ("inner", "structured", "value"),
    [
        ({"type": "string"}, {"result": "5"}, "5"),
        ({"type": "integer"}, {"result": 5}, 5),
        ({"type": ["string", "null"]}, {"result": None}, None),
        (wrapper({"type": "string"}), {"result": {"result": "5"}}, {"result": "5"}),
        ({"type": "string"}, {"other": "5"}, {"other": "5"}),
        ({"type": "string"}, "5", "5"),
        ({"type": "string"}, None, None),
    ],
)
def test_a_wrapper_that_is_marked_is_unwrapped_once(inner, structured, value):
    assert value_of(CallResult((), structured), rule({**wrapper(inner), **WRAP}), saved) == value


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "string"}, "5", "5"),
        ({"type": "string"}, '{"a": 1}', '{"a": 1}'),
        ({"type": ["string", "null"]}, "null", "null"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "5", "5"),
        ({"oneOf": [{"anyOf": [{"type": "string"}]}, {"type": "integer"}]}, "5", "5"),
        ({"enum": ["1", "2"]}, "1", "1"),
        ({"const": "null"}, "null", "null"),
        ({"type": "integer"}, "5", 5),
        ({"enum": [1, 2]}, "1", 1),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "null", None),
        ({"type": "array"}, "[1]", [1]),
        ({"type": "boolean"}, "yes", "yes"),
        ({}, "5", "5"),
        ({"$ref": "#/$defs/Answer"}, '{"a": 1}', {"a": 1}),
        ({"$ref": "#/$defs/Answer"}, "5", "5"),
    ],
)
def test_text_where_structure_was_promised_is_parsed_unless_it_may_be_a_string(schema, text, value):
    assert value_of(texts(text), rule({**wrapper(schema), **WRAP}), saved) == value


def test_text_that_holds_the_whole_wrapper_is_unwrapped_too():
    assert value_of(texts('{"result": [1]}'), rule({**wrapper({"type": "array"}), **WRAP}), saved) == [1]


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "[1,]", "{1: 2}", "[" + "9" * 5000 + "]"])
def test_text_that_looks_like_json_and_is_not_stays_text(text):
    assert value_of(texts(text), rule(None), saved) == text


@pytest.mark.parametrize(
    ("block", "value"),
    [
        ({"type": "image", "data": "no base64!", "mimeType": "image/png"}, "no base64!"),
        ({"type": "audio", "data": "AAEC", "mimeType": "audio/x-wav"}, "a file of 3 bytes, .wav"),
        ({"type": "image", "data": "AAEC"}, BLOB),
        ({"type": "image", "data": "", "mimeType": ["list"]}, "a file of 0 bytes, .bin"),
        ({"type": "hologram", "data": [1]}, {"type": "hologram", "data": [1]}),
        ({"type": "text"}, {"type": "text"}),
        ({"type": "resource", "resource": "odd"}, {"type": "resource", "resource": "odd"}),
        ({}, {}),
    ],
)
def test_a_block_that_is_odd_is_given_as_well_as_it_can_be(block, value):
    assert value_of(CallResult((block,)), rule(None), saved) == value


def test_what_cannot_be_saved_fails_the_call():
    def full(content: bytes, ending: str) -> str:
        raise ToolFailedError("no space")

    with pytest.raises(ToolFailedError):
        value_of(CallResult(({"type": "image", "data": "AAEC"},)), rule(None), full)


def test_a_script_gets_exactly_these_values_and_errors_through_the_whole_path(yard):
    script = f"""
import os
import servers.awkward as awkward
from servers import ToolError
def attempt(name):
    try:
        return getattr(awkward, name)()
    except ToolError as error:
        return [error.server, error.tool, error.message]
def main():
    return {{name: attempt(name) for name in {sorted(RESULTS)}}}
"""
    values = yard.value(script)
    assert values.pop("text_nan") == {"ratio": None}
    for name, message in ERRORS.items():
        assert values.pop(name) == ["awkward", name, message]
    files = [values.pop("only_image"), values["text_and_image"].pop(), values.pop("blob")]
    expected = {name: value for name, value in VALUES.items() if name not in {"only_image", "blob"}}
    expected["text_and_image"] = ["a picture"]
    assert values == expected
    assert [(yard.root / path).read_bytes() for path in files] == [PNG, PNG, b"\x00\x01\x02"]
    assert all(path.startswith("data/blobs/") for path in files)
    assert [path[-4:] for path in files] == [".png", ".png", ".bin"]


def test_what_a_server_answers_against_the_protocol_is_an_error_or_a_value_and_never_a_hang(yard):
    script = """
import servers.answers as answers
from servers import ToolError
def attempt(name):
    try:
        return getattr(answers, name)()
    except ToolError as error:
        return {"error": error.message}
def main():
    values = {name: attempt(name) for name in dir(answers)}
    return values | {"big": len(values["big"]), "half": ascii(values["surrogate"])}
"""
    values = yard.value(script)
    assert {name for name, value in values.items() if isinstance(value, dict) and "error" in value} == {
        "list_result", "no_result", "text_error", "odd_code", "refuses", "says_error",
    }  # fmt: skip
    assert values["says_error"] == {"error": "file not found"}
    assert values["wrong_shape"] == {"n": "five", "more": True}
    assert values["big"] == 3_000_000
    assert values["half"] == r"'half \ud83d'"
