"""`codegen sync`: servers/ brought up to date, and what that did for each server."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from contextlib import suppress
from signal import SIGTERM, default_int_handler, signal

from codegen.cli import output
from codegen.cli.options import parser, workspace
from codegen.cli.progress import progress
from codegen.config.paths import Workspace
from codegen.errors import CodegenError
from codegen.model import Json, JsonObject, Problem
from codegen.packages.provide import PackagesReport
from codegen.skills.catalogue import index_skills, tool_hashes
from codegen.skills.stale import StaleTool, stale
from codegen.skills.store import load
from codegen.tree.present import read_present
from codegen.workspace.init import renew_local
from codegen.workspace.sync import ServerReport, SyncReport, SyncRequest, sync

EMPTY = "nothing to sync: no server in mcp.json (codegen add NAME -- command …), or, offline, none in servers/"
NAMED = 8
"""Tools named on a line; the rest are counted."""


def main(words: list[str]) -> int:
    options = parser(
        "sync",
        "Write servers/ from what the servers in mcp.json offer. A server that fails keeps its old folder.",
        "codegen sync",
        "codegen sync --server github",
        "codegen sync --check      (exit 1 and a diff if servers/ is out of date; writes nothing)",
        "codegen sync --offline    (from the catalogues on disk, without connecting)",
        "codegen sync --watch      (again whenever mcp.json, codegen.toml or a server's tools change)",
    )
    options.add_argument("--server", metavar="NAME", help="only this one")
    options.add_argument("--check", action="store_true", help="compare and write nothing")
    options.add_argument("--offline", action="store_true", help="regenerate from servers/*/.catalogue.json")
    options.add_argument("--quiet", action="store_true", help="print only what went wrong")
    options.add_argument("--list", action="store_true", help="at the end, a line for each server in servers/")
    options.add_argument("--watch", action="store_true", help="stay, and sync on every change")
    options.add_argument("--json", action="store_true", help="print JSON")
    arguments = options.parse_args(words)
    place = workspace(arguments.workspace)
    signal(SIGTERM, default_int_handler)  # as Ctrl-C: the servers that were started are ended
    if arguments.watch:
        return _watch(place, arguments)
    return _show(place, _once(place, arguments), arguments)


def _once(place: Workspace, arguments: Namespace) -> SyncReport:
    quiet = arguments.json or arguments.quiet
    with progress(quiet=quiet) as report:
        tell = None if quiet else output.remark
        request = SyncRequest(arguments.server, arguments.offline, arguments.check, report, tell)
        return asyncio.run(sync(place, request))


def _watch(place: Workspace, arguments: Namespace) -> int:
    from codegen.workspace.watch import watch

    output.remark("watching mcp.json, codegen.toml and the servers; Ctrl-C ends it")

    def show(report: SyncReport | CodegenError) -> None:
        if isinstance(report, CodegenError):
            output.error(str(report))
        else:
            _show(place, report, arguments)

    with suppress(KeyboardInterrupt):  # the way to end it
        asyncio.run(watch(place, show))
    return 0


def _show(place: Workspace, report: SyncReport, arguments: Namespace) -> int:
    """Print a report and give the exit code: 1 when a server or the packages failed, or a check found a difference."""
    old: tuple[StaleTool, ...] = ()
    if not arguments.check:
        renew_local(place)
        index_skills(place)
        old = stale(load(place.skills)[0], tool_hashes(place.servers))
    failed = any(each.state in {"stale", "failed"} for each in report.servers) or bool(report.problems)
    failed = failed or (report.packages is not None and report.packages.state == "failed")
    differs = arguments.check and bool(report.changes)
    if arguments.json:
        output.document(_document(report, old))
    elif arguments.quiet:
        _troubles(report)
    else:
        _lines(report, old, check=arguments.check)
    if arguments.list and not arguments.json:
        _list(place)
    return 1 if failed or differs else 0


def _lines(report: SyncReport, old: tuple[StaleTool, ...], *, check: bool) -> None:
    for server in (each for each in report.servers if each.state != "kept"):
        output.line(_server_line(server))
        for name, text in zip(server.changed[:NAMED], server.differences, strict=False):
            output.line(f"  {name}:\n    " + text.replace("\n", "\n    "))
        for problem in server.skipped:
            output.line(f"  skipped {problem}")
    if report.packages:
        _packages_line(report.packages)
    for problem in report.problems:
        output.remark(f"! {problem}")
    for each in old:
        output.line(f"skill {each.skill} is stale: {each.tool} {each.reason}")
    changes = report.changes
    if check:
        output.write(changes.diff)
        output.line("servers/ is out of date: codegen sync" if changes else "servers/ is up to date")
    elif not report.servers:
        output.line("servers/: no server" if report.packages else EMPTY)
    else:
        counts = f"{len(changes.added)} added, {len(changes.changed)} changed, {len(changes.removed)} removed"
        output.line(f"servers/: {counts}" if changes else "servers/: nothing to write")


def _troubles(report: SyncReport) -> None:
    for server in report.servers:
        if server.problem is not None:
            output.remark(_server_line(server))
    for problem in report.problems:
        output.remark(f"! {problem}")
    if report.packages:
        _packages_line(report.packages)


def _list(place: Workspace) -> None:
    """For the context of an agent: names and counts, and no word of a server."""
    present = read_present(place.servers)
    for name, folder in sorted(present.folders.items()):
        count = len(present.catalogues[name].tools)
        output.line(f"{name}: {count} tool{'' if count == 1 else 's'}, listed in servers/{folder}/README.md")


def _packages_line(packages: PackagesReport) -> None:
    """Nothing where nothing had to be done."""
    if packages.problem:
        output.remark(f"! {packages.problem}")
    elif packages.state == "installed":
        output.line(f"packages: {', '.join(packages.requirements)} installed, {packages.seconds:.1f} s")


def _server_line(server: ServerReport) -> str:
    if server.state == "removed":
        return f"{server.name}: removed, {len(server.removed)} tools"
    if server.problem is not None:
        kept = f"; its {server.tools} tools stay as they were (stale)" if server.state == "stale" else ""
        hint = f"\n  {server.problem.hint}" if server.problem.hint else ""
        return f"{server.name}: failed after {server.seconds:.1f} s: {server.problem.what}{kept}{hint}"
    parts = [f"{server.name}: {server.tools} tools"]
    parts += [
        f"{len(names)} {what}{_named(names)}"
        for what, names in (("new", server.new), ("changed", server.changed), ("removed", server.removed))
        if names
    ]
    if server.state == "synced" and server.seconds:
        parts.append(f"{server.seconds:.1f} s")
    return ", ".join(parts)


def _named(names: tuple[str, ...]) -> str:
    more = f", …+{len(names) - NAMED}" if len(names) > NAMED else ""
    return f" ({', '.join(names[:NAMED])}{more})"


def _document(report: SyncReport, old: tuple[StaleTool, ...]) -> JsonObject:
    changes = report.changes
    stale_skills: list[Json] = [{"skill": each.skill, "tool": each.tool, "reason": each.reason} for each in old]
    return {
        "version": 1,
        "servers": [_server_document(server) for server in report.servers],
        "problems": [_problem(problem) for problem in report.problems],
        "added": [*changes.added],
        "changed": [*changes.changed],
        "removed": [*changes.removed],
        "stale_skills": stale_skills,
        "diff": changes.diff,
        "packages": _packages_document(report.packages) if report.packages else None,
    }


def _packages_document(packages: PackagesReport) -> Json:
    return {
        "state": packages.state,
        "requirements": [*packages.requirements],
        "seconds": round(packages.seconds, 2),
        "problem": _problem(packages.problem) if packages.problem else None,
    }


def _server_document(server: ServerReport) -> Json:
    return {
        "name": server.name,
        "state": server.state,
        "tools": server.tools,
        "new": [*server.new],
        "changed": [*server.changed],
        "differences": [*server.differences],
        "removed": [*server.removed],
        "skipped": [_problem(problem) for problem in server.skipped],
        "seconds": round(server.seconds, 2),
        "problem": _problem(server.problem) if server.problem else None,
    }


def _problem(problem: Problem) -> Json:
    return {"where": problem.where, "what": problem.what, "hint": problem.hint}
