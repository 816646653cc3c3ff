"""A server's catalogue as codegen.toml has it: what generation shows and what calls are held to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from codegen.config.overlays import ServerSettings, ToolOverlay, denied_by, effect_said, is_idempotent
from codegen.config.undo import Undo, taken_by
from codegen.errors import nearest
from codegen.generate.literals import one_line
from codegen.generate.narrow import arguments_of, is_possible, narrowed
from codegen.generate.refs import Document
from codegen.model import Catalogue, JsonObject, Problem, Tool
from codegen.naming import assign_names, is_own_name


def overlaid(catalogue: Catalogue, settings: ServerSettings) -> Catalogue:
    """The catalogue with the settings of its server laid over it; what they say and can't be done is a Problem of it.

    The same object where nothing is said and no tool has a name that codegen.toml once gave. Never raises.
    """
    own = {raw: name for raw, name in catalogue.names.items() if is_own_name(raw, name)}
    if settings.changes_nothing and len(own) == len(catalogue.names):
        return catalogue
    server = catalogue.server.name
    allowed = [tool for tool in catalogue.tools if not denied_by(server, settings, tool.name)]
    given, problems = _renamed(catalogue, allowed, settings, own)
    problems = [*_unmatched(catalogue, settings), *_unpaired(catalogue, settings), *problems]
    tools = []
    for tool in allowed:
        hinted = _hinted(tool, settings)
        overlay = settings.tools.get(tool.name)
        tools.append(hinted if overlay is None else _overlaid(hinted, overlay, problems))
    return replace(catalogue, tools=tuple(tools), problems=(*catalogue.problems, *problems), names={**own, **given})


def _unmatched(catalogue: Catalogue, settings: ServerSettings) -> list[Problem]:
    """Patterns that no tool matches, and tools that the server doesn't offer."""
    server, offered = catalogue.server.name, [tool.name for tool in catalogue.tools]
    if not offered:
        return []
    keys = ("allow", "deny", "reads", "writes", "destructive", "idempotent")
    problems = [
        Problem(_place(server), f'{key} "{pattern}" matches no tool of the server', _nearest(pattern, offered))
        for key in keys
        for pattern in getattr(settings, key)
        if not any(fnmatchcase(name, pattern) for name in offered)
    ]
    return problems + [
        Problem(_place(server, "tools", name), "the server offers no such tool", _nearest(name, offered))
        for name in settings.tools
        if name not in offered
    ]


def _hinted(tool: Tool, settings: ServerSettings) -> Tool:
    """The tool with the hints that codegen.toml says in the place of its server's."""
    effect, _ = effect_said(settings, tool.name)
    said: JsonObject = {} if effect is None else {"readOnlyHint": effect == "reads", "idempotentHint": None}
    if effect in ("writes", "destructive"):
        said["destructiveHint"] = effect == "destructive"
    if is_idempotent(settings, tool.name):
        said["idempotentHint"] = True
    given = tool.wire.get("annotations")
    hints = given if isinstance(given, dict) else {}
    if settings.hints == "ignore":
        against_itself = {"title"} | ({"destructiveHint"} if tool.effect == "destructive" else set())
        hints = {name: value for name, value in hints.items() if name in against_itself}
    elif not said:
        return tool
    return replace(tool, wire={**tool.wire, "annotations": {**hints, **said}})


def _unpaired(catalogue: Catalogue, settings: ServerSettings) -> list[Problem]:
    """What an `undo` says of tools that the server doesn't offer like that."""
    tools = {tool.name: tool for tool in catalogue.tools}
    problems = []
    for name, overlay in settings.tools.items():
        if overlay.undo is None or name not in tools:
            continue
        place = _place(catalogue.server.name, "tools", name, "undo")
        inverse = tools.get(overlay.undo.tool)
        if inverse is None:
            hint = _nearest(overlay.undo.tool, tools)
            problems.append(Problem(place, f"the server offers no tool {overlay.undo.tool}", hint))
        else:
            faults = _faults(overlay.undo, tools[name], inverse)
            problems += [Problem(place, what, hint) for what, hint in faults]
    return problems


def _faults(undo: Undo, tool: Tool, inverse: Tool) -> Iterator[tuple[str, str]]:
    """What can't be so, each with a hint."""
    schema = inverse.input_schema
    own = arguments_of(tool.input_schema, Document(tool.input_schema))
    takes = arguments_of(schema, Document(schema))
    required = schema.get("required")
    for argument, source in undo.arguments.items():
        if argument not in takes:
            yield one_line(f"{inverse.name} has no argument {argument}"), _nearest(argument, takes)
        for taken in taken_by(source):
            if taken.origin == "arguments" and taken.path and taken.path[0] not in own:
                yield one_line(f"{tool.name} has no argument {taken.path[0]}"), _nearest(taken.path[0], own)
    for argument in required if isinstance(required, list) else ():
        if argument not in undo.arguments:
            yield one_line(f"{inverse.name} needs {argument}"), "say where it comes from, such as result.id"


def _overlaid(tool: Tool, overlay: ToolOverlay, problems: list[Problem]) -> Tool:
    said: JsonObject = {"description": overlay.description} if overlay.description else {}
    if overlay.arguments:
        said["inputSchema"] = _narrowed(tool, overlay, problems)
    return replace(tool, wire={**tool.wire, **said}, returns=overlay.returns)


def _narrowed(tool: Tool, overlay: ToolOverlay, problems: list[Problem]) -> JsonObject:
    """The input schema with what is said of its arguments. What can't hold is left out: the server's word stays."""
    schema = tool.input_schema
    document = Document(schema)
    known = arguments_of(schema, document)
    for argument, more in overlay.arguments.items():
        place = _place(tool.server, "tools", tool.name, "arguments", argument)
        if argument not in known:
            problems.append(Problem(place, "the tool has no such argument", _nearest(argument, known)))
        elif not is_possible(known[argument], more, document):
            hint = "left as the server has it"
            problems.append(Problem(place, "no value fits both this and the server's schema", hint))
        else:
            schema = narrowed(schema, argument, more)
    return schema


def _renamed(
    catalogue: Catalogue, allowed: Sequence[Tool], settings: ServerSettings, own: Mapping[str, str]
) -> tuple[dict[str, str], list[Problem]]:
    """The names that codegen.toml gives, by wire name, but for those that are another tool's."""
    raws = [tool.name for tool in allowed]
    given = {raw: settings.tools[raw].name for raw in raws if raw in settings.tools and settings.tools[raw].name}
    problems: list[Problem] = []
    while given:
        others = assign_names([raw for raw in raws if raw not in given], own)
        holders = {name.casefold(): raw for raw, name in others.items()}
        refused = {
            raw: holders[name.casefold()]
            for raw, name in given.items()
            if name.casefold() in holders and not _came_later(catalogue, holders[name.casefold()], raw, name)
        }
        for raw, holder in refused.items():
            what = f'"{given.pop(raw)}" is the name of its tool {one_line(holder, 80)}, so this one keeps its own'
            hint = "choose another name, or rename or deny that tool"
            problems.append(Problem(_place(catalogue.server.name, "tools", raw), what, hint))
        if not refused:
            break
    return given, problems


def _came_later(catalogue: Catalogue, newcomer: str, raw: str, name: str) -> bool:
    """Whether a tool's name was given away before the tool came: scripts that say it must not reach another tool."""
    held = catalogue.names.get(newcomer, "")
    return catalogue.names.get(raw) == name and held.casefold() != name.casefold()


def _place(server: str, *keys: str) -> str:
    return one_line(f"codegen.toml [{'.'.join(('servers', server, *keys))}]")


def _nearest(name: str, known: Sequence[str] | Mapping[str, object]) -> str:
    return one_line(nearest(name, known) or f"known here: {', '.join(list(known)[:12])}")
