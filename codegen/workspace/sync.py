"""servers/ follows what the servers offer: listed, generated, compared or written, indexed."""

from __future__ import annotations

import fcntl
import py_compile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from hashlib import sha256
from io import FileIO
from pathlib import Path
from typing import Literal

from codegen.catalogue.collect import Listing, Progress, collect
from codegen.catalogue.snapshot import FILE_NAME, definition_hash, snapshot_text
from codegen.catalogue.variables import read_variables
from codegen.config.mcp_json import load_servers
from codegen.config.paths import Workspace
from codegen.config.settings import Settings, load_settings
from codegen.errors import UsageError, WorkspaceError, nearest
from codegen.generate.package import Package, generate_package, generate_root, when_to_use
from codegen.generate.write import Changes, compare_tree, write_tree
from codegen.model import Catalogue, Problem
from codegen.naming import package_names
from codegen.search.index import groups, remove_group, write_group
from codegen.workspace.entries import entries_of
from codegen.workspace.present import Present, read_present

ServerState = Literal["synced", "stale", "failed", "removed", "kept"]


@dataclass(frozen=True, slots=True)
class ServerReport:
    """What a sync did for one server; `new`, `changed` and `removed` are tools by their wire names.

    `stale`: it could not be listed and its old folder was kept; `failed`: likewise, and there was none; `kept`: this
    sync was not about it.
    """

    name: str
    state: ServerState
    tools: int = 0
    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    skipped: tuple[Problem, ...] = ()
    seconds: float = 0.0
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class SyncReport:
    """A whole sync; a check's changes carry a diff."""

    servers: tuple[ServerReport, ...]
    problems: tuple[Problem, ...]
    changes: Changes


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """`only`: one server by its name; `offline`: from the catalogues on disk; `check`: compare and write nothing."""

    only: str | None = None
    offline: bool = False
    check: bool = False
    on_progress: Callable[[Progress], None] | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """One server of the tree to be; without a catalogue it has no folder in it."""

    catalogue: Catalogue | None
    report: ServerReport


async def sync(place: Workspace, request: SyncRequest) -> SyncReport:
    """Bring the tree up to date. One server's trouble is in its report and the rest goes on.

    Raises ConfigError (mcp.json can't be read), UsageError (`only` is unknown), WorkspaceError (no writing here).
    """
    settings = load_settings(place.settings)
    with nullcontext() if request.check else _alone(place):
        present = read_present(place.servers)
        problems: tuple[Problem, ...] = ()
        if request.offline:
            parts = [_Part(known, _report("synced", known, known)) for known in present.catalogues.values()]
        else:
            parts, problems = await _listed(place, settings, request, present.catalogues)
        wanted = _tree(parts, settings, present.folders)
        changes = _bring(place, wanted, present, check=request.check)
    return SyncReport(tuple(part.report for part in wanted.parts), (*present.problems, *problems), changes)


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
    shown = fresh or known
    return ServerReport(
        name=shown.server.name if shown else "",
        state=state,
        tools=len(after),
        new=tuple(name for name in after if name not in before),
        changed=tuple(name for name in after if name in before and before[name] != after[name]),
        removed=tuple(name for name in before if name not in after),
        skipped=fresh.problems if fresh else (),
        seconds=seconds,
        problem=problem,
    )


def _hashes(catalogue: Catalogue | None) -> dict[str, str]:
    return {tool.name: definition_hash(tool) for tool in catalogue.tools} if catalogue else {}


@dataclass(frozen=True, slots=True)
class _Tree:
    """The files that servers/ shall hold, by path below it, and what they were made from."""

    parts: tuple[_Part, ...]
    packages: tuple[Package, ...]
    files: Mapping[str, str]
    uses: Mapping[str, str]


def _tree(parts: Sequence[_Part], settings: Settings, before: Mapping[str, str]) -> _Tree:
    shown = [part.catalogue for part in parts if part.catalogue is not None]
    folders = package_names(sorted(each.server.name for each in shown), before)
    packages = [generate_package(each, folders[each.server.name]) for each in shown]
    files = {f"{package.folder}/{name}": text for package in packages for name, text in package.files.items()}
    for catalogue, package in zip(shown, packages, strict=True):
        files[f"{package.folder}/{FILE_NAME}"] = snapshot_text(catalogue, package.names)
    stale = {part.report.name for part in parts if part.report.state == "stale"}
    files |= generate_root(packages, settings.uses, stale)
    made = {package.server.name: package for package in packages}
    return _Tree(tuple(_with_problems(part, made) for part in parts), tuple(packages), files, settings.uses)


def _with_problems(part: _Part, made: Mapping[str, Package]) -> _Part:
    """A tool that listed well may still not generate: it is skipped, with the reason, and not new or changed."""
    package = made.get(part.report.name)
    if package is None:
        return part
    report = part.report
    return replace(
        part,
        report=replace(
            report,
            tools=len(package.modules),
            new=tuple(name for name in report.new if name in package.names),
            changed=tuple(name for name in report.changed if name in package.names),
            skipped=(*report.skipped, *package.problems),
        ),
    )


def _bring(place: Workspace, tree: _Tree, present: Present, *, check: bool) -> Changes:
    if check:
        return compare_tree(place.servers, tree.files, present.owned)
    changes = write_tree(place.servers, tree.files, present.owned)
    _compile(place.servers, (*changes.added, *changes.changed))
    _index(place.index, tree.packages, tree.uses)
    return changes


def _compile(servers: Path, files: Iterable[str]) -> None:
    """Byte-compile what was written: scripts see the tree read-only and could never do it themselves."""
    for name in files:
        if name.endswith(".py"):
            py_compile.compile(str(servers / name), quiet=2, doraise=False)


def _index(db: str, packages: Sequence[Package], uses: Mapping[str, str]) -> None:
    wanted = {f"servers/{package.folder}" for package in packages}
    for group in groups(db):
        if group.startswith("servers/") and group not in wanted:
            remove_group(db, group)
    for package in packages:
        entries = entries_of(package, uses.get(package.server.name) or when_to_use(package.server, package.modules))
        write_group(db, f"servers/{package.folder}", entries, sha256(repr(entries).encode()).hexdigest())


@contextmanager
def _alone(place: Workspace) -> Iterator[None]:
    """One sync at a time in a workspace; a second one waits for the first."""
    try:
        lock = FileIO(place.make_state() / "sync.lock", "a")
    except OSError as error:
        raise WorkspaceError(f"{place.state} can't be written: {error.strerror}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
