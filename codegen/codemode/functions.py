"""Python functions as tools: schemas and checks by pydantic, the call in this process."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic_core import ArgsKwargs, PydanticSerializationError, to_jsonable_python

from codegen.agents.local_tool import LocalTool, wrapped
from codegen.errors import ArgumentsError, ToolFailedError, UsageError
from codegen.model import Json, JsonObject

F = TypeVar("F", bound=Callable[..., Any])

_HINTS = "__codegen_hints__"


def hints(*, reads: bool | None = None, destructive: bool | None = None, idempotent: bool | None = None) -> Any:
    """Say what a function does to the world: one that is `destructive` needs an approval before each call.

    These are MCP's ToolAnnotations; rules in codegen.toml can go by them.
    """
    said = {"readOnlyHint": reads, "destructiveHint": destructive, "idempotentHint": idempotent}

    def mark(function: F) -> F:
        setattr(function, _HINTS, {name: value for name, value in said.items() if value is not None})
        return function

    return mark


def function_tool(function: Callable[..., Any]) -> LocalTool:
    """A function as a tool. Raises UsageError where it has no name, or its types can't be said in JSON."""
    plain = function.func if isinstance(function, functools.partial) else function
    name = _name(plain)
    try:
        signature = inspect.signature(function, eval_str=True)
        taken: TypeAdapter[Any] = TypeAdapter(_keeper(signature))
        schema = taken.json_schema()
        given = _Result(signature.return_annotation)
    except (PydanticUserError, NameError, TypeError, ValueError) as error:
        raise UsageError(
            f"function {name} can't be a tool: {str(error).splitlines()[0]}", hint="give its parameters types of JSON"
        ) from error
    if schema.get("type") != "object":
        raise UsageError(f"function {name} can't be a tool: it takes arguments by position alone")
    wire: JsonObject = {"name": name, "description": inspect.getdoc(plain) or "", "inputSchema": schema, **given.wire}
    if said := getattr(plain, _HINTS, None):
        wire["annotations"] = said

    async def call(arguments: JsonObject) -> Json:
        try:
            args, named = taken.validate_python(ArgsKwargs((), arguments))
        except ValidationError as error:
            raise ArgumentsError(_problems(error)) from None
        return given.json_of(await _called(function, args, named), name)

    return LocalTool(name, wire, call)


def _keeper(signature: inspect.Signature) -> Any:
    """A function of the same parameters that only gives back its arguments, as pydantic has read them."""

    def keep(*args: Any, **named: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return args, named

    keep.__signature__ = signature.replace(return_annotation=inspect.Signature.empty)  # type: ignore[attr-defined]
    annotated = {each.name: each.annotation for each in signature.parameters.values()}
    keep.__annotations__ = {name: said for name, said in annotated.items() if said is not inspect.Parameter.empty}
    return keep


async def _called(function: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Call a function: a sync one in a thread, so that calls of one script don't wait for each other."""
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
        return await function(*args, **named)
    value = await asyncio.to_thread(function, *args, **named)
    return await value if inspect.isawaitable(value) else value


class _Result:
    """What a function returns, by its annotation: checked, and made into JSON."""

    def __init__(self, annotation: Any) -> None:
        self._adapter = None if annotation in (inspect.Signature.empty, Any) else TypeAdapter(annotation)
        self.wire: JsonObject = {}
        if self._adapter is not None:
            self.wire = {"outputSchema": wrapped(self._adapter.json_schema(mode="serialization"))}

    def json_of(self, value: object, name: str) -> Json:
        """Raises ToolFailedError where the value isn't what the function declares, or can't be JSON."""
        try:
            if self._adapter is None:
                return to_jsonable_python(value)  # type: ignore[no-any-return]
            checked = self._adapter.validate_python(value, from_attributes=True)
            return {"result": self._adapter.dump_python(checked, mode="json", by_alias=True)}
        except ValidationError as error:
            said = f"{name} returned what it doesn't declare: {_problems(error)}"
            raise ToolFailedError(said) from None
        except PydanticSerializationError as error:
            raise ToolFailedError(f"{name} returned what can't be JSON: {error}") from None


def _name(function: Callable[..., Any]) -> str:
    name = str(getattr(function, "__name__", type(function).__name__))
    if not name.isidentifier():
        raise UsageError(f"{function!r} has no name that a script could call it by", hint="write it with def")
    return name


def _problems(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'it'}: {each['msg']}" for each in error.errors()[:5])
