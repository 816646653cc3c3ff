"""One server's files: its catalogue, as codegen.toml has it, with what was learned of its results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from codegen.catalogue.learned import FILE_NAME as LEARNED
from codegen.catalogue.learned import learned_text
from codegen.catalogue.snapshot import FILE_NAME, snapshot_text
from codegen.config.settings import Settings
from codegen.generate.overlay import overlaid
from codegen.generate.package import Package, generate_package, when_to_use
from codegen.generate.returns import return_rule
from codegen.learning.shape import published
from codegen.model import Catalogue, JsonSchema, Problem, Tool


@dataclass(frozen=True, slots=True)
class Built:
    """A package, its files by path below servers/, the line on when to use the server, and what codegen.toml says of it
    that can't be done.
    """

    package: Package
    files: Mapping[str, str] = field(hash=False)
    use: str
    problems: tuple[Problem, ...]


def build(catalogue: Catalogue, folder: str, settings: Settings, learned: Mapping[str, JsonSchema]) -> Built:
    """All of `servers/<folder>/`; `learned` is by the tools' wire names."""
    said = settings.server(catalogue.server.name)
    shown = overlaid(catalogue, said)
    undeclared = (tool.name for tool in catalogue.tools if return_rule(tool).is_open)
    known = {name: learned[name] for name in undeclared if name in learned}
    if said.learn and known:
        shown = replace(shown, tools=tuple(_taught(tool, known) for tool in shown.tools))
    package = generate_package(shown, folder)
    files = {f"{folder}/{name}": text for name, text in package.files.items()}
    files[f"{folder}/{FILE_NAME}"] = snapshot_text(catalogue, package.names)
    if known:
        files[f"{folder}/{LEARNED}"] = learned_text(known)
    use = settings.uses.get(catalogue.server.name) or when_to_use(catalogue.server, package.modules)
    return Built(package, files, use, shown.problems[len(catalogue.problems) :])


def _taught(tool: Tool, known: Mapping[str, JsonSchema]) -> Tool:
    return replace(tool, learned=published(known[tool.name])) if tool.name in known else tool
