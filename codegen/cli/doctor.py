"""`codegen doctor`: what a run would get here, whether the servers answer, and what is in the way."""

from __future__ import annotations

import asyncio
import platform
import sys
from signal import SIGTERM, default_int_handler, signal
from typing import TYPE_CHECKING

from codegen.catalogue.collect import Listing
from codegen.cli import output
from codegen.cli.options import parser
from codegen.cli.progress import progress
from codegen.config.paths import Workspace, find_workspace
from codegen.errors import CodegenError, SandboxUnavailableError, WorkspaceError
from codegen.runtime.check import type_checker
from codegen.runtime.client import try_connect
from codegen.sandbox.choose import AUTO, Choice, known, picked, survey
from codegen.workspace.claude_checks import check_claude_code
from codegen.workspace.examine import Examined, examine, try_servers

if TYPE_CHECKING:
    from codegen.model import Json, JsonObject

VERSION = 1
_OLDEST_PYTHON = (3, 11)


def main(words: list[str]) -> int:
    options = parser(
        "doctor",
        "Tell what a run would get here, and what may be in its way: the sandbox, whether each server answers, the"
        " variables they need, Claude Code. A server is started as sync does it, and ended; nothing is written."
        " Exits with 5 where no sandbox works.",
        "codegen doctor",
        "codegen doctor --offline  (no server is started)",
        "codegen doctor --all      (every sandbox: what it can't hold here, and how to mend that)",
    )
    options.add_argument("--offline", action="store_true", help="start no server")
    options.add_argument("--all", action="store_true", help="tell of the sandboxes that a run doesn't get, too")
    options.add_argument("--json", action="store_true", help="print JSON")
    arguments = options.parse_args(words)
    place = _place(arguments.workspace)
    found = examine(place) if place else None
    wanted = found.settings.sandbox.backend if found else AUTO
    sandboxes, chosen = _sandboxes(wanted, all_of_them=arguments.all or arguments.json)
    tried = None if arguments.offline or not place or not found else _tried(place, found, quiet=arguments.json)
    if arguments.json:
        document: JsonObject = {"version": VERSION, "wanted": wanted, **_python(), **_workspace(place, found, tried)}
        output.document({**document, "sandboxes": [_sandbox(one, chosen) for one in sandboxes]})
    else:
        _say_sandboxes(sandboxes, chosen, wanted)
        _say_rest(place, found, tried or [])
    return 0 if chosen else SandboxUnavailableError.exit_code


def _sandboxes(wanted: str, *, all_of_them: bool) -> tuple[tuple[Choice, ...], Choice | None]:
    """What to tell of, and the one that a run gets: it alone where it holds all that a sandbox can."""
    chosen = None if all_of_them else picked(survey(), wanted)
    if chosen is not None and not chosen.found.weaker:
        return (chosen,), chosen
    sandboxes = tuple(survey())
    return sandboxes, picked(sandboxes, wanted)


def _tried(place: Workspace, found: Examined, *, quiet: bool) -> list[Listing]:
    signal(SIGTERM, default_int_handler)  # as Ctrl-C: the servers that were started are ended
    with progress(quiet=quiet) as report:
        return asyncio.run(try_servers(place, found.settings, report))


def _place(given: str | None) -> Workspace | None:
    """The workspace; None where there is none and none was named."""
    try:
        return find_workspace(given)
    except WorkspaceError:
        if given:
            raise
        return None


def _python() -> JsonObject:
    checker = type_checker()
    return {"python": {"version": platform.python_version(), "executable": sys.executable}, "type_checker": checker}


def _workspace(place: Workspace | None, found: Examined | None, tried: list[Listing] | None) -> JsonObject:
    if place is None or found is None:
        return {"workspace": None, "broker": None, "unset": []}
    workspace: JsonObject = {
        "root": str(place.root),
        "servers": [*found.servers],
        "not_synced": [*found.not_synced],
        "answers": None if tried is None else [_answer(each) for each in tried],
        "problems": [*found.problems],
        "claude_code": [
            {"name": each.name, "works": each.works, "found": each.found, "mend": each.mend}
            for each in check_claude_code(place)
        ],
    }
    return {"workspace": workspace, "broker": _broker(place), "unset": [*found.unset]}


def _answer(one: Listing) -> JsonObject:
    problem: JsonObject | None = None
    if one.problem:
        problem = {"where": one.problem.where, "what": one.problem.what, "hint": one.problem.hint}
    tools = len(one.catalogue.tools) if one.catalogue else 0
    return {"server": one.server, "tools": tools, "seconds": round(one.seconds, 2), "problem": problem}


def _broker(place: Workspace) -> JsonObject:
    try:
        connection = try_connect(place.root)
        if connection is None:
            return {"running": False}
        connection.send({"status": True})
        answer = connection.receive() or {}
        connection.close()
    except CodegenError as error:
        return {"running": False, "problem": error.what}
    return {"running": True, "pid": answer.get("pid"), "runs": answer.get("runs")}


def _sandbox(one: Choice, chosen: Choice | None) -> Json:
    found = one.found
    return {
        "name": one.backend.name,
        "confines": one.backend.confines,
        "works": found.works,
        "why": found.why,
        "mend": found.mend,
        "weaker": [*found.weaker],
        "needs_consent": found.needs_consent or not one.backend.confines,
        "chosen": one is chosen,
    }


def _say_sandboxes(sandboxes: tuple[Choice, ...], chosen: Choice | None, wanted: str) -> None:
    rows: list[tuple[str, ...]] = []
    for one in sandboxes:
        state = _state(one) + (": a run gets it" if one is chosen else "")
        rows.append(("sandbox" if not rows else "", one.backend.name, f"{state}{_because(one)}"))
        rows += [("", "", f"  {text}") for text in one.found.weaker]
        if one.found.mend and (one.found.weaker or not one.found.works):
            rows.append(("", "", f"  to mend it: {one.found.mend}"))
    if chosen is None:
        unknown = "" if wanted in known() else ", unknown"
        because = "" if wanted == AUTO else f": codegen.toml wants {wanted!r}{unknown}"
        rows.append(("", "", f"a run would be refused{because}; --sandbox none runs without one, and is a risk"))
    output.table(rows)


def _state(one: Choice) -> str:
    if not one.found.works:
        return "doesn't work"
    if not one.backend.confines or one.found.needs_consent:
        return "only by name"
    return "weaker here" if one.found.weaker else "works"


def _because(one: Choice) -> str:
    return f" ({one.found.why})" if one.found.why else ""


def _say_rest(place: Workspace | None, found: Examined | None, tried: list[Listing]) -> None:
    old = "" if sys.version_info >= _OLDEST_PYTHON else ", too old: 3.11 is needed"
    rows: list[tuple[str, ...]] = [("python", f"{platform.python_version()}{old}, {sys.executable}")]
    rows.append(("type check", type_checker() or "ty wasn't found: scripts run unchecked. pip install ty"))
    if place is None or found is None:
        rows.append(("workspace", "none here: codegen init ."))
        output.table(rows)
        return
    missing = f"; not synced: {', '.join(found.not_synced)} (codegen sync)" if found.not_synced else ""
    count = len(found.servers)
    rows.append(("workspace", f"{place.root}, {count} server{'' if count == 1 else 's'}{missing}"))
    rows += [("", f"! {problem}") for problem in found.problems]
    lines = [line for one in tried for line in _said(one)]
    rows += [("" if number else "servers", line) for number, line in enumerate(lines)]
    broker = _broker(place)
    idle = str(broker.get("problem") or "not running: the next command that needs it starts it")
    rows.append(("broker", f"running, process {broker['pid']}" if broker["running"] else idle))
    if found.unset:
        rows.append(("unset", f"{', '.join(found.unset)}: export them, or put them into {found.settings.env_file}"))
    for number, check in enumerate(check_claude_code(place)):
        rows.append(("" if number else "claude code", f"{'' if check.works else '! '}{check.name}: {check.found}"))
        if check.mend:
            rows.append(("", f"    to mend it: {check.mend}"))
    output.table(rows)


def _said(one: Listing) -> list[str]:
    """Lines on one server."""
    if one.catalogue is not None:
        count, left = len(one.catalogue.tools), len(one.catalogue.problems)
        skipped = f", {left} left out (codegen sync says why)" if left else ""
        return [f"{one.server}: {count} tool{'' if count == 1 else 's'} in {one.seconds:.1f} s{skipped}"]
    what, hint = (one.problem.what, one.problem.hint) if one.problem else ("", "")
    return [*f"! {what}".splitlines(), *([f"    {hint}"] if hint else [])]
