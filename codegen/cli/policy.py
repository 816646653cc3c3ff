"""`codegen policy`: the rules in their order and what they make of each tool, or of one call."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import asdict

from codegen.cli import output
from codegen.cli.options import parser, workspace
from codegen.config.paths import Workspace
from codegen.config.settings import load_settings
from codegen.errors import UnknownToolError, UsageError, nearest
from codegen.model import Json, JsonObject, Tool
from codegen.policy.conditions import Unknown
from codegen.policy.explain import Looked, explained, foreseen, short_name
from codegen.policy.facts import Facts
from codegen.policy.policy import Outcome, Policy, open_policy
from codegen.policy.rules import Decision
from codegen.policy.wording import about
from codegen.workspace.tools import SyncedTools

EXIT_CODES = {"allow": 0, "deny": 3, "ask": 4}


def main(words: list[str]) -> int:
    options = parser(
        "policy",
        "Show which calls are made, refused, or asked about (docs/policy.md), or check one call. No server is started."
        " check exits with 0 for allow, 3 for deny and 4 for ask.",
        "codegen policy show",
        "codegen policy show --server shop",
        'codegen policy check shop.delete_order --args \'{"order": "A-1001"}\'',
    )
    options.add_argument("action", nargs="?", choices=["show", "check"], default="show")
    options.add_argument("tool", nargs="?", metavar="SERVER.TOOL", help="with check: the tool that is called")
    options.add_argument("--args", default="{}", metavar="JSON", help="with check: the call's arguments, an object")
    options.add_argument("--server", metavar="NAME", help="with show: the tools of one server")
    options.add_argument("--json", action="store_true", help="print JSON")
    arguments = options.parse_args(words)
    if (arguments.action == "check") != bool(arguments.tool):
        options.error("check takes one tool, as server.tool; show takes none")
    place = workspace(arguments.workspace)
    return _check(place, arguments) if arguments.action == "check" else _show(place, arguments)


def _check(place: Workspace, arguments: Namespace) -> int:
    given = _arguments(arguments.args)
    settings = load_settings(place.settings)
    path, tool = SyncedTools(place, settings).find(arguments.tool)
    policy = open_policy(settings)
    decision, looked = explained(policy, tool, given)
    if arguments.json:
        facts: JsonObject = {**asdict(policy.of(tool).facts)}
        rules: list[Json] = [asdict(each) for each in looked]
        output.document({"version": 1, "tool": path, "facts": facts, **asdict(decision), "looked_at": rules})
    else:
        _tell(path, policy.of(tool).facts, decision, looked)
    return EXIT_CODES[decision.action]


def _arguments(text: str) -> JsonObject:
    try:
        given = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise UsageError(
            f"--args is no JSON: {error}", hint="""expected an object: --args '{"amount": 150}'"""
        ) from None
    if not isinstance(given, dict):
        raise UsageError("--args is no object", hint="""expected one such as --args '{"amount": 150}'""")
    return given


def _tell(path: str, facts: Facts, decision: Decision, looked: tuple[Looked, ...]) -> None:
    output.line(f"{path}: {decision.action}, by {decision.rule}")
    output.line(f"  {decision.why}")
    output.line(f"  its effect: {facts.effect} ({facts.source})")
    if looked:
        output.line("looked at, in order:")
        output.table([(f"  {short_name(each.rule)}", each.about, each.why_not or "decides") for each in looked])


def _show(place: Workspace, arguments: Namespace) -> int:
    settings = load_settings(place.settings)
    synced, policy = SyncedTools(place, settings), open_policy(settings)
    servers = sorted({tool.server for tool in synced.by_path.values()})
    if arguments.server not in {None, *servers}:
        hint = nearest(arguments.server, servers) or f"known here: {', '.join(servers)}"
        raise UnknownToolError(f"server {arguments.server!r} is not in the tree", hint=hint)
    tools = {path: tool for path, tool in synced.by_path.items() if arguments.server in {None, tool.server}}
    for problem in synced.problems:
        output.remark(str(problem))
    if arguments.json:
        output.document(
            {"version": 1, "rules": _rules(policy), "tools": [_facts(policy, *each) for each in tools.items()]}
        )
        return 0
    output.line("rules, the first that is about a call decides it:")
    rows = [(f"  #{rule.number}", rule.decision, about(rule), rule.reason) for rule in policy.rules]
    output.table([*rows, ("  -", "ask", "destructive tools", ""), ("  -", "allow", "all other tools", "")])
    output.line("tools:" if tools else "no tools: codegen sync")
    output.table([_row(policy, path, tool) for path, tool in tools.items()])
    return 0


def _rules(policy: Policy) -> list[Json]:
    return [{**asdict(rule), "rule": rule.name, "about": about(rule)} for rule in policy.rules]


def _facts(policy: Policy, path: str, tool: Tool) -> JsonObject:
    outcomes: list[Json] = [_outcome(each) for each in policy.of(tool).outcomes(Unknown())]
    facts: JsonObject = {**asdict(policy.of(tool).facts)}
    return {"path": path, "server": tool.server, "tool": tool.name, **facts, "decisions": outcomes}


def _outcome(outcome: Outcome) -> JsonObject:
    return {**asdict(outcome.decision), "when": outcome.when}


def _row(policy: Policy, path: str, tool: Tool) -> tuple[str, ...]:
    of_tool = policy.of(tool)
    return f"  {path}", of_tool.effect, of_tool.facts.source, foreseen(of_tool.outcomes(Unknown()))
