"""What a tool's result is: the one rule that the generated type and the value given at run time both follow."""

from __future__ import annotations

from dataclasses import dataclass, field

from codegen.model import JsonSchema, Tool


@dataclass(frozen=True, slots=True)
class ReturnRule:
    """`wrapped`: the structured content is `{"result": X}` and X is what the function gives.

    `schema` is the declared schema of what the function gives, with the definitions it refers to; None if undeclared.
    """

    wrapped: bool
    schema: JsonSchema | None = field(hash=False)

    @property
    def is_open(self) -> bool:
        """Whether nothing is declared, or no more than "an object" or "a list": then results are learned from."""
        return self.schema is None or _says_nothing(self.schema)


def return_rule(tool: Tool) -> ReturnRule:
    """Read the output schema. MCP wants an object there, so SDKs wrap everything else under `result`.

    A schema that codegen.toml gives takes its place; how a result is unwrapped stays the server's affair.
    """
    schema = tool.output_schema
    inner = _wrapped(schema) if schema is not None else None
    if tool.returns is not None:
        return ReturnRule(wrapped=inner is not None, schema=tool.returns)
    if schema is None or inner is None:
        return ReturnRule(wrapped=False, schema=schema)
    definitions: JsonSchema = {word: schema[word] for word in ("$schema", "$defs", "definitions") if word in schema}
    return ReturnRule(wrapped=True, schema={**definitions, **inner})


def shown_result(tool: Tool, rule: ReturnRule) -> tuple[JsonSchema | None, bool]:
    """The schema of the type that is shown, and whether it was learned rather than declared."""
    if tool.learned is not None and tool.returns is None and rule.is_open:
        return tool.learned, True
    return rule.schema, False


_TELLING = frozenset({"properties", "patternProperties", "$ref", "anyOf", "oneOf", "allOf", "enum", "const"})
_TELLING_TOO = frozenset({"prefixItems", "$dynamicRef", "$recursiveRef"})


def _says_nothing(schema: object) -> bool:
    """`Any`, `dict[str, Any]`, `list[Any]` and lists and maps of these."""
    if not isinstance(schema, dict):
        return schema is not False
    if any(schema.get(word) for word in _TELLING | _TELLING_TOO) or "const" in schema:
        return False
    kind = schema.get("type")
    if kind == "array":
        return not isinstance(schema.get("items"), list) and _says_nothing(schema.get("items"))
    if kind == "object":
        return _says_nothing(schema.get("additionalProperties"))
    return kind is None


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
