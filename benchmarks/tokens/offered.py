"""A catalogue as each regime shows it to a model, made by the code that makes it for users."""

from __future__ import annotations

import gzip
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from measure import ROOT

from codegen.config.paths import Workspace
from codegen.config.settings import Settings
from codegen.generate.package import generate_root
from codegen.model import Catalogue, ServerInfo, Tool
from codegen.naming import package_name
from codegen.search.answer import Answer, render
from codegen.search.index import write_group
from codegen.search.query import search
from codegen.skills.catalogue import index_skills
from codegen.tokens.forms import definition_text
from codegen.tree.build import Built, build
from codegen.tree.entries import entries_of

from .typescript import declarations

CORPUS = ROOT.parent / "shared" / "corpora" / "tools.jsonl.gz"
K = 5


@dataclass(frozen=True)
class Found:
    """One answer of `codegen search`: its text, and the paths in it."""

    text: str
    paths: frozenset[str]


class Offered:
    """Some tools, generated, indexed and rendered. `path` is `server.tool`, both as the server spells them."""

    def __init__(self, catalogues: Iterable[Catalogue], place: Workspace, skills: Path) -> None:
        self._place = place
        self._built = {each.package.folder: each for each in _built(catalogues)}
        self._modules = {
            f"{module.tool.server}.{module.tool.name}": (folder, module)
            for folder, built in self._built.items()
            for module in built.package.modules
        }
        place.make_state()
        place.skills.symlink_to(skills, target_is_directory=True)
        for folder, built in self._built.items():
            write_group(place.index, f"servers/{folder}", entries_of(built.package, built.use), folder)
        self._skilled = False

    @property
    def tools(self) -> list[Tool]:
        return [module.tool for _, module in self._modules.values()]

    def definitions(self) -> str:
        return "\n".join(map(definition_text, self.tools))

    def names(self) -> str:
        """What tool search puts into the prompt: the names of all that can be loaded."""
        return "\n".join(f"mcp__{tool.server}__{tool.name}" for tool in self.tools)

    def typescript(self) -> str:
        return declarations(self.tools)

    def list_of_servers(self) -> str:
        return generate_root([each.package for each in self._built.values()])["README.md"]

    def list_of_tools(self, path: str) -> str:
        """The README of the server that has the tool."""
        return self._built[self._modules[path][0]].package.files["README.md"]

    def module(self, path: str) -> str:
        return self._modules[path][1].text

    def definition(self, path: str) -> str:
        return definition_text(self._modules[path][1].tool)

    def found(self, queries: Iterable[str], *, skilled: bool = False) -> Found:
        """What `codegen search` answers; the skills are in the index from the first `skilled` question on."""
        assert skilled or not self._skilled
        if skilled and not self._skilled:
            index_skills(self._place)
            self._skilled = True
        answers = search(self._place.index, list(queries), k=K)
        return Found("\n".join(render(answers)), frozenset(_paths(answers, self._wire_names())))

    def known(self, paths: Iterable[str]) -> list[str]:
        """Those of the paths that are tools, sorted."""
        return sorted(path for path in paths if path in self._modules)

    def lines(self, paths: Iterable[str]) -> str:
        """The call-ready lines that a search for tools by name answers with, one hit each."""
        return "\n".join(self._modules[path][1].signature.line for path in paths)

    def _wire_names(self) -> dict[str, str]:
        return {module.signature.path: path for path, (_, module) in self._modules.items()}


def _paths(answers: Iterable[Answer], wire_names: dict[str, str]) -> Iterator[str]:
    return (wire_names.get(hit.path, hit.path) for answer in answers for hit in answer.hits)


def _built(catalogues: Iterable[Catalogue]) -> Iterator[Built]:
    for catalogue in catalogues:
        yield build(catalogue, package_name(catalogue.server.name), Settings(), {})


@contextmanager
def offered(catalogues: Iterable[Catalogue], skills: Path) -> Iterator[Offered]:
    """The catalogue with an index of its own, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="codegen-benchmark-") as folder:
        yield Offered(catalogues, Workspace(os.path.realpath(folder)), skills)


def some(catalogues: Iterable[Catalogue], size: int, needed: Iterable[str]) -> tuple[Catalogue, ...]:
    """The first `size` tools, those that are needed among them."""
    known = {f"{each.server.name}.{tool.name}": None for each in catalogues for tool in each.tools}
    kept = set(list(dict.fromkeys([*needed, *known]))[:size])
    chosen = [
        replace(each, tools=tuple(tool for tool in each.tools if f"{each.server.name}.{tool.name}" in kept))
        for each in catalogues
    ]
    return tuple(each for each in chosen if each.tools)


def corpus(without: Iterable[str]) -> tuple[Catalogue, ...]:
    """Real servers of ../shared, when they are there. Left out are those `without`, which run here themselves."""
    if not CORPUS.exists():
        return ()
    by_server: dict[str, dict[str, Tool]] = {}
    folders: dict[str, str] = {package_name(name): name for name in without}
    keys = ("name", "title", "description", "inputSchema", "outputSchema", "annotations")
    with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            server = row["server"]
            if folders.setdefault(package_name(server), server) == server and server not in without:
                wire = {key: row[key] for key in keys if row.get(key) is not None}
                by_server.setdefault(server, {}).setdefault(row["name"], Tool(server, row["name"], wire))
    return tuple(Catalogue(ServerInfo(name), tuple(tools.values())) for name, tools in by_server.items())
