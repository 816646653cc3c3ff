"""A script, and the skills it imports, as monty can run them.

monty resolves `import servers.x`, `from servers.x import tool as t` and `from servers import x` itself, from modules it
is given (`servers`). Replaced, on their own lines, are the imports of what is no tool: `gather` and `ToolError`, a
tool's own module, result types (plain dicts), and skills, each of which is executed in a namespace of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from codegen.sandbox.guests.declared import class_names

GATHER, SKILLS = "_codegen_gather", "_codegen_skills"
"""Names that the prelude has bound when a script starts."""

_TOOL_ERROR = "RuntimeError"  # no class can inherit from Exception in there
_FIRST_SKILL = 1 << 16
"""Lines that a skill is moved down: all that is executed from a text has one file name, and its lines must tell."""

Span = tuple[int, int]


class SubsetError(Exception):
    """An import that can't be served in there; `line` is the script's, None where it is a skill's."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill's text behind `offset` newlines."""

    name: str
    text: str
    offset: int

    @property
    def shifted(self) -> str:
        return "\n" * self.offset + self.text


@dataclass(frozen=True, slots=True)
class Program:
    """`servers` are the folders to give, None for all of them; `parallel` are the calls, in bytes of `text`, that are
    all there is of a function handed to `gather`, `parallel_in_skills` those in the shifted texts of the skills."""

    text: str
    skills: tuple[Skill, ...] = ()
    servers: frozenset[str] | None = frozenset()
    parallel: frozenset[Span] = frozenset()
    parallel_in_skills: frozenset[Span] = frozenset()


@dataclass(slots=True)
class _Reading:
    """What is gathered on the way through a script and its skills."""

    root: Path
    servers: set[str] = field(default_factory=set)
    all_servers: bool = False
    skills: dict[str, Skill] = field(default_factory=dict)
    parallel_in_skills: set[Span] = field(default_factory=set)
    under_way: list[str] = field(default_factory=list)


def read_program(source: str, root: Path) -> Program:
    """Read a script of the workspace `root`, and its skills. Raises SyntaxError, SubsetError.

    No code of the workspace is run, and no link of it is followed.
    """
    reading = _Reading(root)
    text = _rewritten(source, reading)
    return Program(
        text,
        tuple(reading.skills.values()),
        None if reading.all_servers else frozenset(reading.servers),
        frozenset(_parallel(text)),
        frozenset(reading.parallel_in_skills),
    )


def read_text(root: Path, *parts: str) -> str:
    """A module of the workspace. Raises OSError, also for anything that is reached over a link."""
    place = root.resolve().joinpath(*parts)
    if place.resolve() != place or not place.is_file():
        raise FileNotFoundError(2, "not a plain file of this workspace", "/".join(parts))
    return place.read_text(encoding="utf-8", errors="replace")


def _rewritten(source: str, reading: _Reading) -> str:
    text = source.replace("\r\n", "\n").replace("\r", "\n")
    data = text.encode(errors="surrogatepass")
    at = _positions(data)
    edits: list[tuple[int, int, str]] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            _note_imports(node, reading)
        elif isinstance(node, ast.ImportFrom) and (parts := _replacement(node, reading)):
            start, end = at(node)
            edits.append((start, end, "; ".join(parts) + _lines_left(data[start:end])))
    for start, end, new in sorted(edits, reverse=True):
        data = data[:start] + new.encode() + data[end:]
    return data.decode(errors="replace")


def _lines_left(old: bytes) -> str:
    """As many lines as the statement had, so that all that follow keep their numbers."""
    lines = old.count(b"\n")
    return f"; ({chr(10) * lines})" if lines else ""


def _positions(data: bytes) -> Callable[[ast.AST], Span]:
    """Where a node of the tree lies in these bytes."""
    starts = [0]
    for line in data.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)

    def at(node: ast.AST) -> Span:
        assert isinstance(node, ast.stmt | ast.expr)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset)

    return at


def _note_imports(node: ast.Import, reading: _Reading) -> None:
    for alias in node.names:
        head, _, rest = alias.name.partition(".")
        if head == "skills":
            raise SubsetError(f"import {alias.name}: write `from skills.NAME import NAME`", _line(node, reading))
        if head == "servers":
            reading.all_servers |= not rest
            reading.servers.add(rest.partition(".")[0])


def _replacement(node: ast.ImportFrom, reading: _Reading) -> list[str]:
    """The statements that an import becomes; none where it may stay as it is."""
    module = node.module or ""
    head, _, rest = module.partition(".")
    if node.level:
        raise SubsetError("relative imports: name the package", _line(node, reading))
    if head == "skills":
        return list(_from_skill(node, rest, reading))
    if head != "servers":
        return []
    if not rest:
        return _from_servers(node, reading)
    server, _, tool = rest.partition(".")
    reading.servers.add(server)
    return list(_from_tool(node, server, tool, reading)) if tool else []


def _from_servers(node: ast.ImportFrom, reading: _Reading) -> list[str]:
    known = {"gather": GATHER, "ToolError": _TOOL_ERROR}
    statements = []
    for alias in node.names:
        if alias.name in known:
            statements.append(f"{alias.asname or alias.name} = {known[alias.name]}")
        else:
            reading.servers.add(alias.name)
            statements.append(f"from servers import {ast.unparse(alias)}")
    return statements


def _from_tool(node: ast.ImportFrom, server: str, tool: str, reading: _Reading) -> Iterator[str]:
    try:
        classes = class_names(read_text(reading.root, "servers", server, f"{tool}.py"))
    except OSError:
        classes = frozenset()
    for alias in node.names:
        if alias.name in classes:
            yield f"{alias.asname or alias.name} = dict"
        else:
            yield f"from servers.{server} import {ast.unparse(alias)}"


def _from_skill(node: ast.ImportFrom, name: str, reading: _Reading) -> Iterator[str]:
    if not name or any(alias.name == "*" for alias in node.names):
        raise SubsetError("import of a skill: write `from skills.NAME import NAME`", _line(node, reading))
    if name in reading.under_way:
        raise SubsetError(f"skills that import each other: {', '.join(reading.under_way)}", _line(node, reading))
    if name not in reading.skills:
        _add_skill(name, reading, _line(node, reading))
    for alias in node.names:
        yield f'{alias.asname or alias.name} = {SKILLS}["{name}"]["{alias.name}"]'


def _add_skill(name: str, reading: _Reading, line: int | None) -> None:
    try:
        source = read_text(reading.root, "skills", *name.split(".")[:-1], f"{name.rpartition('.')[2]}.py")
    except OSError:
        raise SubsetError(f"no skill {name!r}", line) from None
    reading.under_way.append(name)
    try:
        text = _rewritten(source, reading)
    except SyntaxError as error:
        raise SubsetError(f"the skill {name!r} doesn't parse: {error}", line) from None
    reading.under_way.pop()
    before = list(reading.skills.values())
    offset = before[-1].offset + len(before[-1].text.encode()) if before else _FIRST_SKILL
    reading.skills[name] = Skill(name, text, offset)
    reading.parallel_in_skills |= {(start + offset, end + offset) for start, end in _parallel(text)}


def _line(node: ast.stmt, reading: _Reading) -> int | None:
    return None if reading.under_way else node.lineno


def _parallel(text: str) -> Iterator[Span]:
    """Calls that are the whole body of a lambda which only `gather` will call."""
    tree = ast.parse(text)
    at = _positions(text.encode(errors="surrogatepass"))
    names = _only_gather(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            for argument in node.args:
                yield from (at(each.body) for each in _lambdas(argument) if isinstance(each.body, ast.Call))


def _only_gather(tree: ast.Module) -> set[str]:
    """Names that are ours wherever they are bound."""
    ours: set[str] = set()
    others: set[str] = set()
    bound: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id == GATHER:
            bound |= {id(target) for target in node.targets}
            ours |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and id(node) not in bound:
            others.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            others.add(node.name)
        elif isinstance(node, ast.arg):
            others.add(node.arg)
        elif isinstance(node, ast.alias):
            others.add(node.asname or node.name)
    return ours - others


def _lambdas(argument: ast.expr) -> Iterator[ast.Lambda]:
    """`lambda: f()`, and `*(lambda x=x: f(x) for x in xs)`, `*[...]` likewise."""
    if isinstance(argument, ast.Lambda):
        yield argument
    elif isinstance(argument, ast.Starred):
        inner = argument.value
        if isinstance(inner, ast.GeneratorExp | ast.ListComp):
            yield from _lambdas(inner.elt)
        elif isinstance(inner, ast.List | ast.Tuple):
            for each in inner.elts:
                yield from _lambdas(each)
