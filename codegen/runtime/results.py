"""One result rule: what a tool's answer becomes in a script (DESIGN section 3), so that type and value agree."""

from __future__ import annotations

import base64
import binascii
import json
import mimetypes
from collections.abc import Callable

from codegen.catalogue.source import MISSING, CallResult
from codegen.generate.returns import ReturnRule
from codegen.model import Json, JsonObject, JsonSchema

SaveBlob = Callable[[bytes, str], str]
"""Stores bytes under data/ with the given file ending, and gives the path from the workspace's root."""


def value_of(result: CallResult, rule: ReturnRule, save_blob: SaveBlob) -> Json:
    """The value a script gets. Structured content first; else the content blocks, one as itself, several as a list."""
    if result.structured is not MISSING:
        return _unwrap(result.structured, rule)
    blocks = [_block(block, rule, save_blob) for block in result.content]
    if len(blocks) == 1:
        return blocks[0]
    return blocks or None


def error_text(result: CallResult) -> str:
    """The message of an answer with isError: its texts; else its structured content."""
    texts = [text for block in result.content if isinstance(text := block.get("text"), str)]
    if texts:
        return "\n".join(texts)
    return "the tool failed" if result.structured is MISSING else json.dumps(result.structured, ensure_ascii=False)


def _unwrap(value: Json, rule: ReturnRule) -> Json:
    if rule.wrapped and isinstance(value, dict) and "result" in value:
        return value["result"]
    return value


def _block(block: JsonObject, rule: ReturnRule, save_blob: SaveBlob) -> Json:
    kind = block.get("type")
    if kind == "text" and isinstance(text := block.get("text"), str):
        return _text(text, rule)
    if kind in {"image", "audio"} and isinstance(data := block.get("data"), str):
        return _blob(data, block.get("mimeType"), save_blob)
    if kind == "resource" and isinstance(resource := block.get("resource"), dict):
        if isinstance(text := resource.get("text"), str):
            return _text(text, rule)
        if isinstance(data := resource.get("blob"), str):
            return _blob(data, resource.get("mimeType"), save_blob)
    return block


def _text(text: str, rule: ReturnRule) -> Json:
    """A text is parsed only where nothing says that it is a string: "5" stays "5"."""
    if rule.schema is not None and _may_be_string(rule.schema):
        return text
    is_declared = rule.schema is not None and bool(_KINDS & rule.schema.keys())
    if not is_declared and text.lstrip()[:1] not in {"{", "["}:
        return text
    return _unwrap(_parsed(text, text), rule)


_KINDS = {"type", "anyOf", "oneOf", "enum", "const"}
"""Words by which a schema says of what type a value is."""


def _may_be_string(schema: JsonSchema) -> bool:
    if "type" in schema:
        kind = schema["type"]
        return "string" in kind if isinstance(kind, list) else bool(kind == "string")
    choices = schema.get("enum")
    if any(isinstance(each, str) for each in (schema.get("const"), *(choices if isinstance(choices, list) else ()))):
        return True
    branches = [each for word in ("anyOf", "oneOf") if isinstance(each := schema.get(word), list)]
    return any(isinstance(each, dict) and _may_be_string(each) for branch in branches for each in branch)


def _parsed(text: str, otherwise: Json) -> Json:
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return otherwise
    return value


def _blob(data: str, mime: Json, save_blob: SaveBlob) -> str:
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return data
    ending = mimetypes.guess_extension(mime) if isinstance(mime, str) else None
    return save_blob(content, ending or ".bin")
