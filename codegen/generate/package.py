"""One server as one package, and all servers as the tree below `servers/`."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from codegen import stub
from codegen.generate.budget import SLACK, shortened
from codegen.generate.check import check_module
from codegen.generate.docs import split_text
from codegen.generate.echoes import is_echo
from codegen.generate.literals import clean, cut, docstring, markdown, one_line
from codegen.generate.module import Module, generate_module, header
from codegen.model import Catalogue, Problem, ServerInfo, Tool
from codegen.naming import assign_names, package_name

LONGEST_USE = 160

_CODE = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1|\Z)", re.MULTILINE | re.DOTALL)
_NO_PROSE = re.compile(r"#|\||[-=_*]{3,}$|</?[\w-]+>$")


@dataclass(frozen=True, slots=True)
class Package:
    """A server's folder: `files` by name, `modules` in wire order, `names` from wire name to module name."""

    folder: str
    server: ServerInfo
    files: Mapping[str, str] = field(hash=False)
    modules: tuple[Module, ...]
    problems: tuple[Problem, ...]
    names: Mapping[str, str] = field(hash=False)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for garbage meanwhile: it would go through all that was read and made, and find nothing."""
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()


@_uncollected()
def generate_package(catalogue: Catalogue, folder: str = "") -> Package:
    """Everything in `servers/<folder>/` but the catalogue itself. A tool that can't be written costs only itself."""
    folder = folder or package_name(catalogue.server.name)
    problems: list[Problem] = []
    tools: dict[str, Tool] = {}
    for tool in catalogue.tools:
        trouble = _unusable(tool, tools)
        if trouble is None:
            tools[tool.name] = tool
        else:
            problems.append(trouble)
    names = assign_names(list(tools), catalogue.names)
    modules: list[Module] = []
    for wire, tool in tools.items():
        module = generate_module(tool, names[wire], folder)
        wrong = check_module(module)
        if wrong:
            problems.append(Problem(_where(tool), wrong, "the tool is left out; please report its definition"))
        else:
            modules.append(module)
    files = {f"{module.name}.py": module.text for module in modules}
    files["__init__.py"] = _init(catalogue.server, modules)
    files["README.md"] = _readme(catalogue.server, modules)
    kept = {module.tool.name: module.name for module in modules}
    return Package(folder, catalogue.server, files, tuple(modules), tuple(problems), kept)


def generate_root(
    packages: Iterable[Package], uses: Mapping[str, str] | None = None, stale: Set[str] = frozenset()
) -> dict[str, str]:
    """The files beside the packages. `uses` overrides the when-to-use line by server name; `stale` names the servers
    whose package is from an earlier sync, because they could not be listed in this one.
    """
    ordered = sorted(packages, key=lambda package: package.folder)
    return {
        "__init__.py": _ROOT_INIT,
        "README.md": "\n".join(_root_readme(ordered, uses or {}, stale)) + "\n",
        "_client.py": Path(stub.__file__).read_text(encoding="utf-8"),
    }


def when_to_use(server: ServerInfo, modules: Iterable[Module]) -> str:
    """One line on what a server is for: its instructions, else its tools' names, which say more than its title."""
    said = _spoken(server)
    if said:
        return shortened(said, LONGEST_USE - SLACK) if said.isascii() else cut(said, LONGEST_USE)
    return cut(", ".join(module.name for module in modules), LONGEST_USE)


def _spoken(server: ServerInfo) -> str:
    """The beginning of the instructions on one line, but for a first sentence that only says whose they are."""
    said = one_line(_prose(server.instructions[:20_000]), 8 * LONGEST_USE)
    first, stop, others = said.partition(". ")
    known = f"{server.name} {server.title} welcome mcp server official"
    return others if stop and is_echo(first.lower(), known.lower(), "") else said


def _prose(text: str) -> str:
    """Without code, headings, rules, tables and tags: what is left may still be a list."""
    lines = (line.strip().replace("**", "") for line in _CODE.sub("", clean(text)).splitlines())
    return " ".join(line.lstrip("-*> ") for line in lines if not _NO_PROSE.match(line))


def _unusable(tool: Tool, known: Mapping[str, Tool]) -> Problem | None:
    if not isinstance(tool.name, str) or not tool.name:
        return Problem(one_line(tool.server, 80), "a tool without a name is left out")
    if tool.name in known:
        return Problem(_where(tool), "the name is used twice; the first tool is kept")
    execution = tool.wire.get("execution")
    if isinstance(execution, dict) and execution.get("taskSupport") == "required":
        return Problem(_where(tool), "it only runs as a task, which can't be called from a script; left out")
    return None


def _where(tool: Tool) -> str:
    return one_line(f"{tool.server}.{tool.name}", 120)


_ROOT_INIT = '''\
"""The MCP servers of this workspace as typed Python; README.md lists them."""

from ._client import ToolError as ToolError
from ._client import ToolRejected as ToolRejected
from ._client import gather as gather
from ._client import step as step
'''


def _init(server: ServerInfo, modules: Iterable[Module]) -> str:
    names = sorted(module.name for module in modules)
    text, _ = split_text(_spoken(server))
    summary = text or one_line(server.title, 200) or f"Tools of the MCP server {one_line(server.name, 80)}."
    imports = [f"    from .{name} import {name} as {name}\n" for name in names]
    checked = f"TYPE_CHECKING = False\nif TYPE_CHECKING:\n{''.join(imports)}\n" if imports else ""
    return f"{header(server.name)}\n{docstring([summary])}\n\nfrom .._client import lazy\n\n{checked}lazy(__name__)\n"


def _readme(server: ServerInfo, modules: list[Module]) -> str:
    lines = [f"# {markdown(server.name, 80)}", ""]
    use = when_to_use(server, ())
    lines += [markdown(use), ""] if use else []
    lines += [f"- {_code(module.signature.brief)}" for module in modules]
    return "\n".join(lines) + "\n"


def _root_readme(packages: list[Package], uses: Mapping[str, str], stale: Set[str]) -> Iterator[str]:
    yield "# Servers"
    yield ""
    for package in packages:
        use = markdown(uses.get(package.server.name) or when_to_use(package.server, package.modules), LONGEST_USE)
        count = len(package.modules)
        mark = ", stale: not reached by the last sync" if package.server.name in stale else ""
        yield f"- `{package.folder}` ({count} tool{'' if count == 1 else 's'}{mark}): {use}"


def _code(text: str) -> str:
    """Text in a code span: nothing in it is a link, an image or HTML."""
    return f"`{clean(text).replace('`', chr(39))}`"
