"""A script and the workspace's own modules that it imports: skills, and what lies beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from codegen.config.paths import Workspace
from codegen.errors import ScriptError
from codegen.policy.bindings import TREE, Bindings, bindings

MOST_MODULES = 200
_UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


@dataclass(frozen=True, slots=True)
class Module:
    """`name` is the one it is imported by, empty for the script; `file` where it lies, as it is shown. `problem` says
    why nothing of it could be read.
    """

    name: str
    file: str
    tree: ast.Module
    bound: Bindings
    problem: str = ""


def read_modules(place: Workspace, source: str, file: str) -> list[Module]:
    """A script, and the modules of the workspace that it imports, one through another, as a run would find them.

    `file` is where the script lies below the workspace's root. Raises ScriptError where it is no Python.
    """
    try:
        tree = ast.parse(source, file)
    except _UNPARSABLE as error:
        raise ScriptError(f"{file}: not Python: {error}") from None
    folders = list(dict.fromkeys((place.root, Path(place.root, file).parent)))
    found = [Module("", file, tree, bindings(tree))]
    waiting, seen = sorted(found[0].bound.imports), {TREE}
    while waiting and len(seen) < MOST_MODULES:
        name = waiting.pop(0)
        if name in seen or name.partition(".")[0] == TREE:
            continue
        seen.add(name)
        path = _file_of(name, folders)
        if path is None:
            continue
        module = _read(name, path, place)
        found.append(module)
        waiting += sorted(module.bound.imports)
    return found


def _read(name: str, path: Path, place: Workspace) -> Module:
    shown = str(path.relative_to(place.root)) if path.is_relative_to(place.root) else str(path)
    try:
        tree, problem = ast.parse(path.read_text("utf-8-sig"), shown), ""
    except (*_UNPARSABLE, OSError) as error:
        tree, problem = ast.Module([], []), f"can't be read: {error}"
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    return Module(name, shown, tree, bindings(tree, package), problem)


def _file_of(name: str, folders: Iterable[Path]) -> Path | None:
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    for folder in folders:
        for path in (folder.joinpath(*parts).with_suffix(".py"), folder.joinpath(*parts, "__init__.py")):
            if path.is_file():
                return path
    return None


@dataclass(frozen=True, slots=True)
class Exports:
    """Modules that were read, by name."""

    modules: Mapping[str, Module]

    def expand(self, path: str) -> frozenset[str]:
        """What a full name leads to through these modules: `skills.x.create_issue` to the tool that `x` imports."""
        found, waiting = {path}, [path]
        while waiting:
            owner, _, rest = self._split(waiting.pop())
            name, _, attributes = rest.partition(".")
            for inner in self.modules[owner].bound.names.get(name, ()) if owner else ():
                full = f"{inner}.{attributes}" if attributes else inner
                if full not in found and len(found) < MOST_MODULES:
                    found.add(full)
                    waiting.append(full)
        return frozenset(found)

    def _split(self, path: str) -> tuple[str, str, str]:
        """The module that a full name leads through, and the rest."""
        owner, dot, rest = path.rpartition(".")
        while owner and owner not in self.modules:
            owner, dot, more = owner.rpartition(".")
            rest = f"{more}.{rest}"
        return owner, dot, rest
