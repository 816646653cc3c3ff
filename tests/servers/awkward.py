"""A server that keeps to the MCP specification and is awkward in every way it leaves open: names, schemas, results.

Page one: tool names. Page two: schemas, then results. Every tool but those of RESULTS echoes what it got as
{"tool": name, "arguments": {...}}: with structured content where ECHO is its outputSchema, else as JSON text.
Where CALLS_FILE is set, each call, of any tool, is appended to it as one such JSON line.
"""

from __future__ import annotations

import json
import os
from typing import Any

from jsonrpc import RpcError, Server, echo, image, result, text

LONG_NAME = "long_" + "x" * 115
NAMES = (
    "class",  # a keyword
    "match",  # a soft keyword, which is an identifier
    "list",  # a builtin that annotations use
    "get-item",
    "get_item",  # the same identifier as the one before
    "Get_Item",  # the same file where the file system ignores case
    "files/read.all",
    "2fast",
    "übersicht",
    "数据",
    "__init__",
    "_client",  # a file of ours in the folder above
    "_private",
    "con",  # a device on Windows
    "README",  # README.md stands in the same folder
    "call",  # what generated modules import
    LONG_NAME,
)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
TEXTS = {
    "quotes": 'Ends """ the docstring; """ + __import__("os").getcwd() + """ and \'\'\' too.',
    "backslash": "A path C:\\new\\table\\u0041\\N{BULLET} and a last backslash \\",
    "invisible": "bidi \u202etxet\u202c, zero\u200bwidth, a tag \U000e0041, a bell \x07, and a line\u2028separator",
    "template": "{braces} %s %(name)s ${VAR} `ticks` <b>tags</b> # not a comment",
}
ANY_ARGUMENTS = {"type": "object", "additionalProperties": True}
ECHO = {
    "type": "object",
    "properties": {"tool": {"type": "string"}, "arguments": {"type": "object"}},
    "required": ["tool", "arguments"],
}


def properties(required: list[str] | None = None, /, **schemas: object) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": schemas}
    return {**schema, "required": required} if required else schema


SCHEMAS: dict[str, dict[str, Any]] = {
    "odd_parameters": properties(
        ["from", "user-id", "self"],
        **{
            "from": {"type": "string", "description": "A keyword"},
            "self": {"type": "string"},
            "user-id": {"type": "integer"},
            "user_id": {"type": "integer", "description": "The same identifier as user-id"},
            "User_Id": {"type": "integer"},
            "class": {"type": "string"},
            "None": {"type": "string"},
            "call": {"type": "string"},
            "locals": {"type": "string"},
            "UNSET": {"type": "string"},
            "extra": {"type": "string"},
            "str": {"type": "string"},
            "list": {"type": "array", "items": {"type": "string"}},
            "$filter": {"type": "string"},
            "a.b": {"type": "string"},
            "größe": {"type": "number"},
            "__x": {"type": "string"},
            "2d": {"type": "boolean"},
            "": {"type": "string"},
        },
    ),
    "recursion": {
        "type": "object",
        "properties": {"tree": {"$ref": "#/$defs/Node"}, "self": {"$ref": "#"}},
        "required": ["tree"],
        "$defs": {
            "Node": {
                "type": "object",
                "properties": {
                    "value": {"type": "integer"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
                },
                "required": ["value"],
            }
        },
    },
    "unions": properties(
        ["target"],
        target={
            "oneOf": [
                properties(["kind", "id"], kind={"const": "user"}, id={"type": "integer"}),
                properties(["kind", "name"], kind={"const": "team"}, name={"type": "string"}),
            ]
        },
        limit={"type": ["integer", "string"]},
        when={"anyOf": [{"type": "string", "format": "date-time"}, {"type": "array", "items": {"type": "string"}}]},
        both={"allOf": [properties(["a"], a={"type": "string"}), properties(["b"], b={"type": "integer"})]},
    ),
    "choices": properties(
        ["with_null", "fixed"],
        with_null={"enum": ["low", "high", None]},
        mixed={"enum": [1, "1", True, None]},
        fixed={"const": "v1"},
        one={"type": "integer", "const": 1},
        quoted={"enum": ['"', "'", "\\", "\n", '"""', "\u202e"]},
        many={"type": "string", "enum": [f"choice_{number}" for number in range(80)]},
        none={"enum": []},
    ),
    "nullable": properties(
        ["a", "b"],
        a={"type": ["string", "null"]},
        b={"anyOf": [{"type": "string"}, {"type": "null"}]},
        c={"type": "string", "nullable": True},
        d={"type": "string", "default": None},
        e={"oneOf": [{"type": "null"}, {"type": "integer"}], "default": None},
        f={"type": "null"},
    ),
    "open_root": {**properties(["name"], name={"type": "string"}), "additionalProperties": True},
    "open_root_extra": {
        **properties(["extra"], extra={"type": "string"}, kwargs={"type": "string"}),
        "additionalProperties": {"type": "integer"},
    },
    "closed": {**properties(name={"type": "string"}), "additionalProperties": False},
    "no_properties": properties(),
    "bare": {"type": "object"},
    "root_any_of": {
        "type": "object",
        "anyOf": [
            properties(["id"], id={"type": "integer"}),
            properties(["name"], name={"type": "string"}),
        ],
    },
    "shapes": properties(
        ["pair"],
        pair={"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
        old_pair={"type": "array", "items": [{"type": "string"}, {"type": "integer"}]},
        map={"type": "object", "additionalProperties": {"type": "number"}},
        keyed={"type": "object", "patternProperties": {"^x-": {"type": "string"}}},
        anything={},
        yes=True,
        never=False,
        typeless={"description": "no type at all"},
        far={"$ref": "https://schemas.invalid/x.json"},
        lost={"$ref": "#/$defs/Missing"},
        odd_keys=properties(["from"], **{"from": {"type": "string"}, "user-id": {"type": "integer"}, "list": {}}),
    ),
    "bounds": properties(
        count={"type": "integer", "minimum": 1, "maximum": 10, "default": 5},
        ratio={"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5, "default": 1.5},
        code={"type": "string", "pattern": '^"\\d{3}"#\\\\$', "minLength": 3, "maxLength": 9, "default": '"""'},
        tags={"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True, "default": ["a"]},
    ),
}


def wrapper(schema: object) -> dict[str, Any]:
    return properties(["result"], result=schema)


TEXT_SCHEMA = {"type": "string"}
OBJECT_SCHEMA = properties(["id"], id={"type": "integer"}, tags={"type": "array", "items": TEXT_SCHEMA})
RESULTS: dict[str, tuple[dict[str, Any] | None, dict[str, Any]]] = {
    "wrapped_text": (wrapper(TEXT_SCHEMA), result(text("5"), structured={"result": "5"})),
    "wrapped_int": (wrapper({"type": "integer"}), result(text("5"), structured={"result": 5})),
    "wrapped_list": (
        wrapper({"type": "array", "items": TEXT_SCHEMA}),
        result(text("a"), text("5"), structured={"result": ["a", "5"]}),
    ),
    "wrapped_empty_list": (wrapper({"type": "array", "items": TEXT_SCHEMA}), result(structured={"result": []})),
    "wrapped_object": (wrapper(OBJECT_SCHEMA), result(text('{"id": 7}'), structured={"result": {"id": 7}})),
    "wrapped_null": (wrapper({"type": ["string", "null"]}), result(structured={"result": None})),
    "wrapped_twice": (wrapper(wrapper(TEXT_SCHEMA)), result(text("5"), structured={"result": {"result": "5"}})),
    "result_beside_count": (
        properties(["result", "count"], result=TEXT_SCHEMA, count={"type": "integer"}),
        result(text("5"), structured={"result": "5", "count": 1}),
    ),
    "plain_object": (OBJECT_SCHEMA, result(text("ignored"), structured={"id": 7, "tags": ["5"]})),
    "undeclared_structured": (None, result(text("ignored"), structured={"id": 7, "result": "5"})),
    "undeclared_wrapper": (None, result(text("5"), structured={"result": "5"})),
    "text_number": (None, result(text("5"))),
    "text_null": (None, result(text("null"))),
    "text_quoted": (None, result(text('"quoted"'))),
    "text_object": (None, result(text('{"id": 7, "big": 12345678901234567890, "ratio": 1.0}'))),
    "text_list": (None, result(text('[1, "2", null]'))),
    "text_almost_json": (None, result(text("{'id': 7}"))),
    "text_nan": (None, result(text('{"ratio": NaN}'))),
    "text_hostile": (None, result(text("".join(TEXTS.values())))),
    "several_texts": (None, result(text("first"), text('{"second": 2}'))),
    "text_and_image": (None, result(text("a picture"), image(PNG))),
    "only_image": (None, result(image(PNG))),
    "blob": (
        None,
        result(
            {
                "type": "resource",
                "resource": {"uri": "file:///a.bin", "mimeType": "application/octet-stream", "blob": "AAEC"},
            }
        ),
    ),
    "text_resource": (
        None,
        result({"type": "resource", "resource": {"uri": "file:///a.txt", "mimeType": "text/plain", "text": "inside"}}),
    ),
    "link": (None, result({"type": "resource_link", "uri": "https://docs.invalid/page", "name": "page"})),
    "nothing": (None, result()),
    "fails": (None, result(text("no such thing"), text("and more"), is_error=True)),
    "fails_without_text": (None, result(is_error=True)),
    "fails_structured": (OBJECT_SCHEMA, result(text("bad id"), structured={"id": 0}, is_error=True)),
}


def tools() -> list[list[dict[str, Any]]]:
    arguments = properties(query={"type": "string", "description": "What to echo"})
    names = [
        {"name": name, "description": f"Echo, from the tool {name}.", "inputSchema": arguments, "outputSchema": ECHO}
        for name in NAMES
    ]
    schemas = [
        {"name": name, "description": f"Echo arguments of {name}.", "inputSchema": schema}
        for name, schema in SCHEMAS.items()
    ]
    texts = [
        {
            "name": f"text_in_{name}",
            "title": hostile,
            "description": hostile,
            "inputSchema": properties(value={"type": "string", "description": hostile, "default": hostile}),
            "annotations": {"title": hostile, "readOnlyHint": True},
        }
        for name, hostile in TEXTS.items()
    ]
    results = [
        {"name": name, "inputSchema": ANY_ARGUMENTS, **({"outputSchema": declared} if declared else {})}
        for name, (declared, _) in RESULTS.items()
    ]
    bare = [{"name": "no_description", "inputSchema": {"type": "object"}}]
    odd = [{"name": "rpc_error", "description": "", "inputSchema": {"type": "object"}, "annotations": {}}]
    return [names, schemas + texts + bare + results + odd]


def call_tool(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if path := os.environ.get("CALLS_FILE"):
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"tool": name, "arguments": arguments}) + "\n")
    if name in RESULTS:
        return RESULTS[name][1]
    if name == "rpc_error":
        raise RpcError(-32603, "Internal error: the tool broke")
    if name in NAMES:
        return result(text("see structured"), structured={"tool": name, "arguments": arguments})
    return echo(name, arguments)


if __name__ == "__main__":
    instructions = f"Awkward but legal. {TEXTS['quotes']} {TEXTS['invisible']} Use it when nothing else breaks."
    Server("awkward", tools(), call_tool, instructions=instructions).run()
