"""Tools as TypeScript declarations, in the manner of Cloudflare's code mode: the prompt where types come first.

Written here, since their generator runs in JavaScript alone: the same parts (an input and an output type a tool, texts
as doc comments, one function each), references put in their place, no blank more than needed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from codegen.model import JsonSchema, Tool

DEEPEST = 6
"""Types nested deeper are `unknown`: recursive ones never end."""
_KINDS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def declarations(tools: Iterable[Tool]) -> str:
    """All types, then one object with all functions."""
    types: list[str] = []
    functions: list[str] = []
    for tool in tools:
        name = re.sub(r"\W", "_", f"{tool.server}_{tool.name}")
        kind = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
        types.append(f"type {kind}Input = {_type(tool.input_schema, tool.input_schema, 0)}")
        output = tool.output_schema
        types.append(f"type {kind}Output = {_type(output, output, 0) if output else 'unknown'}")
        functions.append(f"{_doc(tool.description, 1)}\t{name}: (input: {kind}Input) => Promise<{kind}Output>;")
    return "\n".join([*types, "declare const codemode: {", *functions, "}"])


def _type(schema: object, root: JsonSchema, depth: int) -> str:
    if not isinstance(schema, dict) or depth > DEEPEST:
        return "unknown"
    if isinstance(reference := schema.get("$ref"), str):
        return _type(_target(reference, root), root, depth + 1)
    for word, joint in (("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")):
        if isinstance(branches := schema.get(word), list) and branches:
            return joint.join(dict.fromkeys(_type(each, root, depth + 1) for each in branches))
    values = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if isinstance(values, list):
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in values)
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(_type({**schema, "type": each}, root, depth) for each in kind)
    if kind == "array":
        item = _type(schema.get("items"), root, depth + 1)
        return f"({item})[]" if " " in item and not item.startswith("{") else f"{item}[]"
    return _KINDS.get(str(kind)) or _object(schema, root, depth)


def _object(schema: JsonSchema, root: JsonSchema, depth: int) -> str:
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not properties:
        return "Record<string, unknown>" if schema.get("type") == "object" else "unknown"
    required = schema.get("required") or ()
    tabs = "\t" * (depth + 1)
    lines = []
    for name, value in properties.items():
        key = name if re.fullmatch(r"[A-Za-z_$][\w$]*", name) else json.dumps(name, ensure_ascii=False)
        said = value.get("description") if isinstance(value, dict) else None
        mark = "" if name in required else "?"
        lines.append(f"{_doc(said, depth + 1)}{tabs}{key}{mark}: {_type(value, root, depth + 1)};")
    return "\n".join(["{", *lines, "\t" * depth + "}"])


def _doc(text: object, depth: int) -> str:
    said = text.strip().replace("*/", "*\\/") if isinstance(text, str) else ""
    return f"{chr(9) * depth}/** {said} */\n" if said else ""


def _target(reference: str, root: JsonSchema) -> object:
    """What `#/…` leads to; nothing else is followed."""
    found: object = root
    for part in reference.removeprefix("#").split("/")[1:]:
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return found
