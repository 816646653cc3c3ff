"""What a tool's result is: the one rule that the generated type and the value given at run time both follow."""

from __future__ import annotations

from dataclasses import dataclass, field

from codegen.model import JsonSchema, Tool


@dataclass(frozen=True, slots=True)
class ReturnRule:
    """`wrapped`: the structured content is `{"result": X}` and X is what the function gives.

    `schema` is the schema of what the function gives, with the definitions it refers to; None if undeclared.
    """

    wrapped: bool
    schema: JsonSchema | None = field(hash=False)


def return_rule(tool: Tool) -> ReturnRule:
    """Read the output schema. MCP wants an object there, so SDKs wrap everything else under `result`."""
    schema = tool.output_schema
    if schema is None:
        return ReturnRule(wrapped=False, schema=None)
    inner = _wrapped(schema)
    if inner is None:
        return ReturnRule(wrapped=False, schema=schema)
    definitions: JsonSchema = {word: schema[word] for word in ("$schema", "$defs", "definitions") if word in schema}
    return ReturnRule(wrapped=True, schema={**definitions, **inner})


def _wrapped(schema: JsonSchema) -> JsonSchema | None:
    properties = schema.get("properties")
    if not isinstance(properties, dict) or list(properties) != ["result"]:
        return None
    marked = schema.get("x-fastmcp-wrap-result") is True
    title = schema.get("title")
    titled = isinstance(title, str) and title.endswith("Output") and schema.get("required") == ["result"]
    if not (marked or titled):
        return None
    inner = properties["result"]
    return inner if isinstance(inner, dict) else {}
