"""The calls of tools that a module's source can make, found without running it; names are places in the tree.

It tells an honest author what a script does. It is no guard: that is the broker, which sees every call.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from codegen.model import Json, JsonObject
from codegen.policy.bindings import TREE, Bindings, aliased, imported_from, literal_text
from codegen.policy.conditions import Unknown
from codegen.policy.values import constants, value_of

ANY = "*"
"""In `github.*` some tool of github, in `*.*` some tool of any server."""

_NO_TOOLS = frozenset({"gather", "step", "ToolError", "ToolRejected", "UNSET"})
_AT_RUN_TIME = {
    "builtins.eval": "runs text as code",
    "builtins.exec": "runs text as code",
    "builtins.compile": "makes code from text",
    "builtins.__import__": "imports what is only known at run time",
    "importlib.import_module": "imports what is only known at run time",
    "importlib.util": "imports what is only known at run time",
    "runpy": "runs other files",
    "builtins.globals": "looks names up at run time",
    "sys.modules": "looks modules up at run time",
}
_CARRIERS = frozenset({"to_thread", "submit", "partial"})
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Expand = Callable[[str], frozenset[str]]
"""A full name as what it stands for in the workspace's module it leads through: `skills.x.create_issue`."""


@dataclass(frozen=True, slots=True)
class FoundCall:
    """`path` is the tool's, `function` the top-level function or class that the call stands in; `arguments` have
    Python's names. `handed_on`: the tool isn't called there, but given to something that may call it.
    """

    path: str
    line: int
    arguments: JsonObject = field(hash=False)
    function: str = ""
    in_loop: bool = False
    handed_on: bool = False


@dataclass(frozen=True, slots=True)
class Unclear:
    """A place that may call what its source doesn't say: some tool of `reach`."""

    line: int
    what: str
    reach: str


@dataclass(frozen=True, slots=True)
class Use:
    """`function` uses a name, full or of the same module, that may be a function."""

    name: str
    function: str
    in_loop: bool


@dataclass(slots=True)
class Found:
    """All that was found in a module."""

    calls: list[FoundCall] = field(default_factory=list)
    unclear: list[Unclear] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _At:
    """Where the walk is."""

    function: str = ""
    in_loop: bool = False


def find_calls(tree: ast.Module, bound: Bindings, expand: Expand) -> Found:
    """What a module can call, in order of line."""
    found = Found()
    search = _Search(bound, expand, constants(tree), found)
    waiting: list[tuple[ast.AST, _At]] = [(tree, _At())]
    while waiting:  # no recursion: a chain of a thousand `+` is as deep
        node, at = waiting.pop()
        waiting += search.look(node, at)
    found.calls.sort(key=lambda call: call.line)
    found.unclear.sort(key=lambda unclear: unclear.line)
    return found


@dataclass(frozen=True, slots=True)
class _Search:
    bound: Bindings
    expand: Expand
    known: dict[str, Json]
    found: Found

    def look(self, node: ast.AST, at: _At) -> Iterator[tuple[ast.AST, _At]]:
        """Note what a node says itself; gives the nodes that are still to be looked at."""
        if isinstance(node, ast.Call):
            yield from self._call(node, at)
        elif isinstance(node, ast.Attribute | ast.Name):
            known = isinstance(node.ctx, ast.Load) and self._name(node, at)
            if not known and isinstance(node, ast.Attribute):
                yield node.value, at
        elif isinstance(node, ast.ImportFrom):
            self._star(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and self._renames(node):
            return  # another name for a tool or a server is no use of it
        else:
            yield from _inner(node, at)

    def _renames(self, node: ast.stmt) -> bool:
        alias = aliased(node)
        return alias is not None and any(_kind(path)[0] in {"tool", "some"} for path in self._paths(alias[1]))

    def _call(self, node: ast.Call, at: _At) -> Iterator[tuple[ast.AST, _At]]:
        tools = self._tools(node.func)
        for path in tools:
            self.found.calls.append(FoundCall(path, node.lineno, self._arguments(node), at.function, at.in_loop))
        if self._chooses(node) or self._carries(node, at):
            return
        if not tools and not self._is_literal(node):
            yield node.func, at
        maps = isinstance(node.func, ast.Attribute | ast.Name) and _last_name(node.func).endswith("map")
        for each in [*node.args, *(keyword.value for keyword in node.keywords)]:
            if not (self._is_literal(node) and each is node.args[0]):
                yield each, _At(at.function, at.in_loop or maps)
        if self._is_literal(node):
            self._name(node, at)

    def _carries(self, node: ast.Call, at: _At) -> bool:
        """Note `asyncio.to_thread(pay, amount=1)`, which calls its first argument with the others."""
        name = _last_name(node.func) if isinstance(node.func, ast.Attribute | ast.Name) else ""
        tools = self._tools(node.args[0]) if name in _CARRIERS and node.args else []
        given = self._arguments(node, own=1)
        given = Unknown(given) if name == "partial" else given
        self.found.calls += [FoundCall(path, node.lineno, given, at.function, at.in_loop) for path in tools]
        return bool(tools)

    def _chooses(self, node: ast.Call) -> bool:
        """Note `getattr(github, name)`, whose second part is only known at run time."""
        if "builtins.getattr" not in self.bound.paths(node.func) or not node.args or literal_text(node):
            return False
        reaches = [reach for kind, reach in map(_kind, self._paths(node.args[0])) if kind == "some"]
        what = f"`{_short(node)}` chooses at run time"
        self.found.unclear += [Unclear(node.lineno, what, reach) for reach in reaches]
        return bool(reaches)

    def _is_literal(self, node: ast.Call) -> bool:
        """Whether it is a `getattr` or import whose name is written there: it stands for what it gives."""
        return bool(self.bound.paths(node)) and bool(literal_text(node))

    def _arguments(self, node: ast.Call, own: int = 0) -> JsonObject:
        """What keywords give; tools take no others, but for the first `own` of a call that calls a tool."""
        made: JsonObject = {}
        for keyword in node.keywords:
            value = value_of(keyword.value, self.known)
            if keyword.arg is None:
                made = (
                    {**made, **value} if isinstance(value, dict) and not isinstance(value, Unknown) else Unknown(made)
                )
            elif not self._is_unset(keyword.value):
                made[keyword.arg] = value
        return Unknown(made) if len(node.args) > own else made

    def _is_unset(self, node: ast.expr) -> bool:
        return any(path.startswith(TREE) and path.endswith(".UNSET") for path in self.bound.paths(node))

    def _tools(self, node: ast.expr) -> list[str]:
        """The tools that an expression may stand for."""
        kinds = (_kind(path) for path in self._paths(node))
        return sorted({path for kind, path in kinds if kind == "tool"})

    def _paths(self, node: ast.expr) -> frozenset[str]:
        return frozenset(full for path in self.bound.paths(node) for full in self.expand(path))

    def _name(self, node: ast.expr, at: _At) -> bool:
        """Note what a name stands for, where it isn't called; False if that is nothing of interest here."""
        line, interesting = getattr(node, "lineno", 1), False
        for path in self._paths(node):
            kind, reach = _kind(path)
            if kind == "tool":
                self.found.calls.append(FoundCall(reach, line, Unknown(), at.function, at.in_loop, handed_on=True))
            elif kind == "some":
                self.found.unclear.append(Unclear(line, f"`{_short(node)}` is used as a value", reach))
            elif kind == "client":
                self.found.unclear.append(Unclear(line, f"`{_short(node)}` calls any tool by its name", f"{ANY}.{ANY}"))
            elif said := next(
                (_AT_RUN_TIME[known] for known in _AT_RUN_TIME if f"{path}.".startswith(f"{known}.")), ""
            ):
                self.found.unclear.append(Unclear(line, f"`{_short(node)}` {said}", f"{ANY}.{ANY}"))
            else:
                self.found.uses.append(Use(path.removeprefix("builtins."), at.function, at.in_loop))
            interesting = interesting or not path.startswith("builtins.")
        return interesting

    def _star(self, node: ast.ImportFrom) -> None:
        base = imported_from(node, "")
        if any(alias.name == ANY for alias in node.names) and f"{base}.".startswith(f"{TREE}."):
            server = base.split(".")[1] if "." in base else ANY
            self.found.unclear.append(Unclear(node.lineno, f"`from {base} import *` names none", f"{server}.{ANY}"))


def _kind(path: str) -> tuple[str, str]:
    """What a full name leads to: a `tool`, `some` of several, the `client` itself, or nothing; and which tools."""
    root, *parts = path.split(".")
    if (
        root != TREE
        or _NO_TOOLS.intersection(parts[:1])
        or (parts[:1] == ["_client"] and _NO_TOOLS.intersection(parts))
    ):
        return "", ""
    if parts[:1] == ["_client"] or parts[2:] == ["call"] != parts[1:2]:
        return "client", ""
    if not parts or parts[0] == ANY:
        return "some", f"{ANY}.{ANY}"
    if len(parts) == 1 or parts[1] == ANY or any(part.startswith("__") for part in parts[1:3]):
        return "some", f"{parts[0]}.{ANY}"
    return ("tool", f"{parts[0]}.{parts[1]}") if len(parts) == 2 or parts[2] == parts[1] else ("", "")


def _inner(node: ast.AST, at: _At) -> Iterator[tuple[ast.AST, _At]]:
    """The parts of a node, with where they are: bodies of loops may run again, what is looped over is made once."""
    again = _At(at.function, in_loop=True)
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        here = at if at.function else _At(node.name, at.in_loop)
        heads = [*node.decorator_list, *(node.bases if isinstance(node, ast.ClassDef) else [node.args])]
        yield from ((each, at) for each in heads)
        values = [aliased(each) for each in node.body] if isinstance(node, ast.ClassDef) else []
        yield from ((alias[1], here) for alias in values if alias is not None)  # no name of the module's: Class.name
        yield from ((each, here) for each in node.body)
    elif isinstance(node, _LOOPS):
        for name, value in ast.iter_fields(node):
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, ast.AST):
                    yield each, at if name in {"iter", "orelse"} else again
    elif isinstance(node, _COMPREHENSIONS):
        yield node.generators[0].iter, at
        for each in ast.iter_child_nodes(node):
            if each is node.generators[0]:
                yield from ((test, again) for test in node.generators[0].ifs)
            else:
                yield each, again
    else:
        yield from ((each, at) for each in ast.iter_child_nodes(node))


def _last_name(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def _short(node: ast.expr) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else f"{text[:59]}…"
