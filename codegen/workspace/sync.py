"""servers/ follows what the servers offer: listed, generated, compared or written, indexed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Literal

from codegen.catalogue.collect import Listing, Progress, collect
from codegen.catalogue.snapshot import definition_hash
from codegen.catalogue.variables import read_variables
from codegen.config.mcp_json import load_servers
from codegen.config.overlays import unknown_servers
from codegen.config.paths import Workspace
from codegen.config.settings import Settings, load_settings
from codegen.errors import UsageError, nearest
from codegen.generate.difference import difference
from codegen.generate.package import Package, generate_root
from codegen.generate.write import Changes, compare_tree
from codegen.model import Catalogue, Problem, Tool
from codegen.naming import package_names
from codegen.packages.provide import PackagesReport, provide, remove_unused
from codegen.policy.unmatched import unmatched
from codegen.tree.bring import alone, bring, forget
from codegen.tree.build import Built, build
from codegen.tree.learned import LOCK, known_shapes
from codegen.tree.present import Present, read_present

ServerState = Literal["synced", "stale", "failed", "removed", "kept"]


@dataclass(frozen=True, slots=True)
class ServerReport:
    """What a sync did for one server; `new`, `changed` and `removed` are tools by their wire names. `differences` are
    those of the changed ones' definitions, in the same order.

    `stale`: it could not be listed and its old folder was kept; `failed`: likewise, and there was none; `kept`: this
    sync was not about it.
    """

    name: str
    state: ServerState
    tools: int = 0
    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    skipped: tuple[Problem, ...] = ()
    seconds: float = 0.0
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class SyncReport:
    """A whole sync; a check's changes carry a diff. `packages` is None where codegen.toml names none."""

    servers: tuple[ServerReport, ...]
    problems: tuple[Problem, ...]
    changes: Changes
    packages: PackagesReport | None = None


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """`only`: one server by its name; `offline`: from the catalogues on disk; `check`: compare and write nothing.

    Offline and for a check no package is installed. `on_packages` hears a line when an installation begins.
    """

    only: str | None = None
    offline: bool = False
    check: bool = False
    on_progress: Callable[[Progress], None] | None = None
    on_packages: Callable[[str], None] | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """One server of the tree to be; without a catalogue it has no folder in it."""

    catalogue: Catalogue | None
    report: ServerReport

    @property
    def tools(self) -> Sequence[Tool]:
        return self.catalogue.tools if self.catalogue is not None else ()


async def sync(place: Workspace, request: SyncRequest) -> SyncReport:
    """Bring the tree and the packages up to date, side by side. One's trouble is in its report and the rest goes on.

    Raises ConfigError (mcp.json can't be read), UsageError (`only` is unknown), WorkspaceError (no writing here).
    """
    settings = load_settings(place.settings)
    packages = asyncio.create_task(_packages(place, settings, request))
    try:
        report = await _servers(place, settings, request)
    except BaseException:
        packages.cancel()
        await asyncio.wait({packages})
        raise
    return replace(report, packages=await packages)


async def _packages(place: Workspace, settings: Settings, request: SyncRequest) -> PackagesReport | None:
    fixed = request.check or request.offline
    wanted = settings.sandbox.packages
    report = await provide(wanted, place.root, may_install=not fixed, tell=request.on_packages)
    if not request.check:
        remove_unused(time.time())
    return report


async def _servers(place: Workspace, settings: Settings, request: SyncRequest) -> SyncReport:
    with nullcontext() if request.check else alone(place, "sync"):
        present = read_present(place.servers)
        problems: tuple[Problem, ...] = ()
        if request.offline:
            parts = [_Part(known, _report("synced", known, known)) for known in present.catalogues.values()]
        else:
            parts, problems = await _listed(place, settings, request, present.catalogues)
        with nullcontext() if request.check else alone(place, LOCK):
            wanted = _tree(place, parts, settings, present.folders)
            changes = _bring(place, wanted, present, check=request.check)
    if request.only is None:
        problems += unknown_servers(settings.servers, [part.report.name for part in parts])
        problems += unmatched(settings.policy, {part.report.name: part.tools for part in parts})
    problems = (*present.problems, *problems, *wanted.problems)
    return SyncReport(tuple(part.report for part in wanted.parts), problems, changes)


async def _listed(
    place: Workspace, settings: Settings, request: SyncRequest, old: Mapping[str, Catalogue]
) -> tuple[list[_Part], tuple[Problem, ...]]:
    configs, problems = load_servers(place.mcp_json)
    names = [config.name for config in configs]
    if request.only is not None and request.only not in names:
        listed = f"it lists {', '.join(names) or 'none'}"
        raise UsageError(f"mcp.json lists no server {request.only!r}", hint=nearest(request.only, names) or listed)
    wanted = [config for config in configs if request.only in {None, config.name}]
    variables = read_variables(settings.env_file)
    listings = await collect(wanted, variables, time_limit=settings.sync.time_limit, on_progress=request.on_progress)
    parts = {listing.server: _part(listing, old.get(listing.server)) for listing in listings}
    # An entry that can't be used is like a server that can't be reached: what it had stays.
    broken = {problem.where.rpartition("mcpServers.")[2]: problem for problem in problems}
    for name, known in old.items():
        if name in broken:
            parts[name] = _Part(known, _report("stale", known, known, problem=broken[name]))
        elif name not in parts and (request.only is not None or name in names):
            parts[name] = _Part(known, _report("kept", known, known))
        elif name not in parts:
            parts[name] = _Part(None, _report("removed", known, None))
    return list(parts.values()), problems


def _part(listing: Listing, known: Catalogue | None) -> _Part:
    fresh = listing.catalogue
    if fresh is not None:
        named = replace(fresh, names=known.names if known else {})
        return _Part(named, _report("synced", known, named, seconds=listing.seconds))
    state: ServerState = "stale" if known else "failed"
    report = _report(state, known, known, seconds=listing.seconds, problem=listing.problem)
    return _Part(known, replace(report, name=listing.server))


def _report(
    state: ServerState,
    known: Catalogue | None,
    fresh: Catalogue | None,
    *,
    seconds: float = 0.0,
    problem: Problem | None = None,
) -> ServerReport:
    before, after = _hashes(known), _hashes(fresh)
    changed = tuple(name for name in after if name in before and before[name] != after[name])
    old, now = _by_name(known), _by_name(fresh)
    shown = fresh or known
    return ServerReport(
        name=shown.server.name if shown else "",
        state=state,
        tools=len(after),
        new=tuple(name for name in after if name not in before),
        changed=changed,
        differences=tuple(difference(old[name], now[name]) for name in changed),
        removed=tuple(name for name in before if name not in after),
        skipped=fresh.problems if fresh else (),
        seconds=seconds,
        problem=problem,
    )


def _by_name(catalogue: Catalogue | None) -> dict[str, Tool]:
    return {tool.name: tool for tool in catalogue.tools} if catalogue else {}


def _hashes(catalogue: Catalogue | None) -> dict[str, str]:
    return {tool.name: definition_hash(tool) for tool in catalogue.tools} if catalogue else {}


@dataclass(frozen=True, slots=True)
class _Tree:
    """The files that servers/ shall hold, by path below it, and what they were made from."""

    parts: tuple[_Part, ...]
    built: tuple[Built, ...]
    files: Mapping[str, str]
    problems: tuple[Problem, ...]


def _tree(place: Workspace, parts: Sequence[_Part], settings: Settings, before: Mapping[str, str]) -> _Tree:
    shown = [part.catalogue for part in parts if part.catalogue is not None]
    folders = package_names(sorted(each.server.name for each in shown), before)
    named = [(each, folders[each.server.name]) for each in shown]
    built = [build(each, folder, settings, known_shapes(place, folder)) for each, folder in named]
    files = {name: text for each in built for name, text in each.files.items()}
    stale = {part.report.name for part in parts if part.report.state == "stale"}
    packages = [each.package for each in built]
    files |= generate_root(packages, settings.uses, stale)
    made = {package.server.name: package for package in packages}
    problems = tuple(problem for each in built for problem in each.problems)
    return _Tree(tuple(_with_problems(part, made) for part in parts), tuple(built), files, problems)


def _with_problems(part: _Part, made: Mapping[str, Package]) -> _Part:
    """A tool that listed well may still not generate: it is skipped, with the reason, and not new or changed."""
    package = made.get(part.report.name)
    if package is None:
        return part
    report = part.report
    both = zip(report.changed, report.differences, strict=True)
    changed = [(name, text) for name, text in both if name in package.names]
    return replace(
        part,
        report=replace(
            report,
            tools=len(package.modules),
            new=tuple(name for name in report.new if name in package.names),
            changed=tuple(name for name, _ in changed),
            differences=tuple(text for _, text in changed),
            skipped=(*report.skipped, *package.problems),
        ),
    )


def _bring(place: Workspace, tree: _Tree, present: Present, *, check: bool) -> Changes:
    if check:
        return compare_tree(place.servers, tree.files, present.owned)
    forget(place, {each.package.folder for each in tree.built})
    return bring(place, tree.built, tree.files, present.owned)
