"""The [servers.NAME] tables of codegen.toml: what a person says of a server's tools, beside what the server says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias, get_args

from codegen.config.json_schema import read_schema
from codegen.config.limits import Limits, Rate, rate, tool_limits
from codegen.config.tables import Place, Reader, WrongError, read_map, read_table, said, text, yes_or_no
from codegen.config.undo import Undo, read_undo
from codegen.errors import nearest
from codegen.model import Effect, JsonSchema, Problem
from codegen.naming import is_given_name

Trust: TypeAlias = Literal["trust", "ignore"]
Pinning: TypeAlias = Literal["pin", "follow"]

MOST_RETRIES = 10

_ALL = ("*",)
_EFFECTS: tuple[Literal["destructive", "writes", "reads"], ...] = ("destructive", "writes", "reads")
"""What a person may say that tools do, the strongest first."""


@dataclass(frozen=True, slots=True)
class ToolOverlay:
    """One tool: `name` and `description` take the place of the server's, empty where they don't.

    `returns` is the schema of its result; `arguments` are schemas, by the wire's names, that hold beside the server's.
    `limits` go for one run; `undo` is what takes a call of it back.
    """

    name: str = ""
    description: str = ""
    returns: JsonSchema | None = field(default=None, hash=False)
    arguments: Mapping[str, JsonSchema] = field(default_factory=dict, hash=False)
    limits: Limits | None = None
    undo: Undo | None = None


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What is said here of one server: `when_to_use` takes the place of its own words in servers/README.md.

    `allow` and `deny` are globs over its own names of its tools; a tool that matches both is denied. `tools` is by
    these names too. `learn`: whether the types of undeclared results are learned.

    `hints`: whether what the server says in its tools' favour is believed. `reads`, `writes`, `destructive` and
    `idempotent` are globs of the tools of which it is said here; the strongest of the first three counts.

    `rate` goes for all runs together; a call whose connection failed is made `retries` times again where that is safe.
    `trust`: whether a tool is only called while it is what was synced ("pin"), or whatever it is ("follow").
    """

    when_to_use: str = ""
    allow: tuple[str, ...] = _ALL
    deny: tuple[str, ...] = ()
    learn: bool = True
    hints: Trust = "trust"
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    destructive: tuple[str, ...] = ()
    idempotent: tuple[str, ...] = ()
    rate: Rate | None = None
    retries: int = 2
    trust: Pinning = "pin"
    tools: Mapping[str, ToolOverlay] = field(default_factory=dict, hash=False)

    @property
    def changes_nothing(self) -> bool:
        """Whether the server's tools are shown as the server has them."""
        says = self.deny or self.tools or self.reads or self.writes or self.destructive or self.idempotent
        return self.allow == _ALL and self.hints == "trust" and not says


def read_servers(value: object, place: Place, *, learn: bool) -> dict[str, ServerSettings]:
    """The tables below `servers`, by server; `learn` is for those that don't say. Raises ConfigError."""
    servers = read_map(value, place, "[servers.NAME]")
    return {name: _server(each, place.at(name), learn=learn) for name, each in servers.items()}


def denied_by(server: str, settings: ServerSettings, tool: str) -> str:
    """Why a tool may not be used, by its wire name; empty when it may."""
    if pattern := _first_match(tool, settings.deny):
        return f'denied by codegen.toml: [servers.{server}] deny "{pattern}"'
    if _first_match(tool, settings.allow):
        return ""
    return f"denied by codegen.toml: [servers.{server}] allow has no pattern for it"


def effect_said(settings: ServerSettings, tool: str) -> tuple[Effect | None, str]:
    """What a person says that a tool does, by its wire name, and the setting that says it; None where nothing does."""
    for effect in _EFFECTS:
        if pattern := _first_match(tool, getattr(settings, effect)):
            return effect, f'{effect} "{pattern}"'
    return None, ""


def is_idempotent(settings: ServerSettings, tool: str) -> bool:
    """Whether a person says that calling a tool twice is calling it once."""
    return bool(_first_match(tool, settings.idempotent))


def unknown_servers(named: Iterable[str], servers: Iterable[str]) -> tuple[Problem, ...]:
    """A Problem for each [servers.NAME] of which there is no server; not fatal, for servers come and go."""
    known = list(servers)
    hint = f"known here: {', '.join(known)}" if known else "codegen add NAME -- COMMAND … adds one"
    return tuple(
        Problem(f"codegen.toml [servers.{name}]", "there is no such server", nearest(name, known) or hint)
        for name in named
        if name not in known
    )


def _first_match(tool: str, patterns: Iterable[str]) -> str:
    return next((pattern for pattern in patterns if fnmatchcase(tool, pattern)), "")


def _server(value: object, place: Place, *, learn: bool) -> ServerSettings:
    readers: Mapping[str, Reader] = {
        "when_to_use": text,
        "allow": _patterns,
        "deny": _patterns,
        "learn": yes_or_no,
        "hints": _one_of(*get_args(Trust)),
        **dict.fromkeys((*_EFFECTS, "idempotent"), _patterns),
        "rate": rate,
        "retries": _retries,
        "trust": _one_of(*get_args(Pinning)),
        "tools": lambda tools: _tools(tools, place.at("tools")),
    }
    return read_table(ServerSettings, readers, {"learn": learn, **value} if isinstance(value, dict) else value, place)


def _tools(value: object, place: Place) -> dict[str, ToolOverlay]:
    tables = read_map(value, place, f"[{place.key}.TOOL]")
    tools = {name: _tool(each, place.at(name)) for name, each in tables.items()}
    given: dict[str, str] = {}
    for name, tool in tools.items():
        other = given.setdefault(tool.name.casefold(), name)
        if tool.name and other != name:
            hint = f"`{place.at(other).key}` has that name; expected one that differs in more than capitals"
            raise place.at(name).at("name").fault(f'is "{tool.name}"', hint)
    return tools


def _tool(value: object, place: Place) -> ToolOverlay:
    readers: Mapping[str, Reader] = {
        "name": _function,
        "description": said,
        "returns": lambda schema: read_schema(schema, place.at("returns"), alone=True),
        "arguments": lambda arguments: _arguments(arguments, place.at("arguments")),
        "limits": lambda limits: tool_limits(limits, place.at("limits")),
        "undo": lambda undo: read_undo(undo, place.at("undo")),
    }
    return read_table(ToolOverlay, readers, value, place)


def _arguments(value: object, place: Place) -> dict[str, JsonSchema]:
    tables = read_map(value, place, f"[{place.key}.ARGUMENT]")
    return {name: read_schema(each, place.at(name), alone=False) for name, each in tables.items()}


def _function(value: object) -> str:
    if not isinstance(value, str) or not is_given_name(value):
        raise WrongError('a Python name such as "open_issue" that is neither a keyword nor taken by generated code')
    return value


def _one_of(*words: str) -> Reader:
    def read(value: object) -> object:
        if value not in words:
            raise WrongError(" or ".join(f'"{word}"' for word in words))
        return value

    return read


def _retries(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_RETRIES:
        raise WrongError(f"a whole number from 0 to {MOST_RETRIES}")
    return value


def _patterns(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise WrongError('a list of patterns such as ["list_*", "get_*"]')
    return tuple(value)
