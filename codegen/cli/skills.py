"""`codegen skills`: save, list, show, run, history, remove."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from codegen.cli import output
from codegen.cli.options import parser, workspace
from codegen.config.paths import Workspace
from codegen.errors import SkillError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from codegen.model import Json, JsonObject


def main(words: list[str]) -> int:
    cut = words.index("--") if "--" in words else len(words)
    arguments = _parser().parse_args(words[:cut])
    arguments.given = words[cut + 1 :]
    place = workspace(arguments.workspace)
    code: int = _ACTIONS[arguments.action](place, arguments)
    return code


def _parser() -> ArgumentParser:
    options = parser(
        "skills",
        "Scripts that proved useful, kept as functions that the next script imports.",
        "codegen skills save scripts/late.py --name late_orders",
        "codegen skills list",
        "codegen skills run late_orders -- status=late limit=5",
        "codegen skills remove late_orders",
        behind="skill",
    )
    options.add_argument("action", choices=list(_ACTIONS))
    options.add_argument("target", nargs="?", metavar="SCRIPT|NAME", help="save: a script that ran; else a skill")
    options.add_argument("--name", help="with save: what the skill is called (default: the script's name)")
    options.add_argument("--replace", action="store_true", help="with save: replace it; the old text stays a version")
    options.add_argument("--version", type=int, metavar="N", help="with show: an older version")
    options.add_argument("--json", action="store_true", help="print JSON")
    return options


def _save(place: Workspace, arguments: Namespace) -> int:
    from codegen.skills.keep import keep
    from codegen.skills.proven import read_proven

    script = Path(_target(arguments))
    proven = read_proven(place, script)
    admitted, saved = keep(place, proven, arguments.name or script.stem, replace=arguments.replace)
    name = admitted.entry
    if arguments.json:
        output.document({"version": 1, "name": name, "outcome": saved.outcome, "skill_version": saved.version})
        return 0
    output.line(f"{saved.outcome} skill {name}, version {saved.version}, from run {proven.run}")
    output.line(f"  from skills.{name} import {name}")
    output.line(f"  {admitted.signature}  # {admitted.summary}")
    return 0


def _list(place: Workspace, arguments: Namespace) -> int:
    from codegen.skills.catalogue import tool_hashes
    from codegen.skills.stale import stale
    from codegen.skills.store import load

    skills, problems = load(place.skills)
    old: dict[str, list[str]] = {}
    for each in stale(skills, tool_hashes(place.servers)):
        old.setdefault(each.skill, []).append(f"{each.tool} {each.reason}")
    for problem in problems:
        output.remark(f"! {problem}")
    if arguments.json:
        rows: list[Json] = [
            {
                "name": s.name,
                "signature": s.signature,
                "summary": s.summary,
                "version": s.version,
                "stale": [*old.get(s.name, [])],
            }
            for s in skills
        ]
        output.document({"version": 1, "skills": rows})
        return 0
    if not skills:
        output.line("no skills yet: codegen skills save scripts/NAME.py --name NAME")
    for skill in skills:
        output.line(f"{skill.signature}  # {skill.summary}")
        if skill.name in old:
            output.line(f"  stale: {', '.join(old[skill.name])}; run it, mend it, save it again")
    return 0


def _show(place: Workspace, arguments: Namespace) -> int:
    from codegen.skills.store import find, read_version

    name = _target(arguments)
    skill = find(place.skills, name) if arguments.version is None else None
    text = skill.path.read_text(encoding="utf-8") if skill else read_version(place.skills, name, arguments.version)
    if arguments.json:
        output.document({"version": 1, "name": name, "source": text})
    else:
        output.write(text)
    return 0


def _run(place: Workspace, arguments: Namespace) -> int:
    from codegen.cli.run import send, show
    from codegen.skills.calling import script_that_calls
    from codegen.skills.store import find

    skill = find(place.skills, _target(arguments))
    source = script_that_calls(skill, arguments.given)
    request: JsonObject = {"source": source, "file": f"<skill {skill.name}>", "arguments": list(arguments.given)}
    return show(send(place, {"run": request}), as_json=arguments.json)


def _history(place: Workspace, arguments: Namespace) -> int:
    from codegen.skills.store import history

    name = _target(arguments)
    versions = history(place.skills, name)
    if arguments.json:
        rows: list[Json] = [
            {"version": v.number, "kind": v.kind, "saved_at": v.saved_at, "run": v.run} for v in versions
        ]
        output.document({"version": 1, "name": name, "versions": rows})
        return 0
    if not versions:
        output.line(f"{name} was never saved by codegen")
    for version in versions:
        came = f"run {version.run}" if version.run else "edited by hand"
        output.line(f"{version.number}  {version.saved_at}  {came}  {version.summary}")
    return 0


def _remove(place: Workspace, arguments: Namespace) -> int:
    from codegen.skills.catalogue import index_skills
    from codegen.skills.store import remove

    name = _target(arguments)
    kept = remove(place.skills, name)
    index_skills(place)
    if arguments.json:
        output.document({"version": 1, "name": name, "skill_version": kept.number})
        return 0
    output.line(f"removed skill {name}; its text stays: codegen skills show {name} --version {kept.number}")
    return 0


_ACTIONS = {"save": _save, "list": _list, "show": _show, "run": _run, "history": _history, "remove": _remove}


def _target(arguments: Namespace) -> str:
    if not arguments.target:
        raise SkillError(f"codegen skills {arguments.action} needs a name", hint="codegen skills --help")
    return str(arguments.target)
