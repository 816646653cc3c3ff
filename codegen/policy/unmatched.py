"""What rules name and no server has: said, and never fatal, for servers and their tools come and go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from codegen.config.policy import Rule
from codegen.errors import nearest
from codegen.generate.literals import one_line
from codegen.model import Problem, Tool


def unmatched(rules: Iterable[Rule], tools: Mapping[str, Iterable[Tool]]) -> tuple[Problem, ...]:
    """A Problem for each rule that names a server or a tool which isn't there; `tools` is by server.

    A pattern for tools of any server is a guard for those to come, and names none.
    """
    offered = {server: [tool.name for tool in each] for server, each in tools.items()}
    found = (_unmatched(rule, offered) for rule in rules)
    return tuple(problem for problem in found if problem is not None)


def _unmatched(rule: Rule, offered: Mapping[str, list[str]]) -> Problem | None:
    servers = [server for server in offered if fnmatchcase(server, rule.server)]
    if not servers and rule.server != "*":
        return Problem(rule.name, f'server "{rule.server}" matches no server', _hint(rule.server, offered))
    names = [name for server in servers for name in offered[server]]
    guards = rule.server == "*" and not {*"*?["}.isdisjoint(rule.tool)
    if guards or not names or any(fnmatchcase(name, rule.tool) for name in names):
        return None
    where = f"tool of {servers[0]}" if len(servers) == 1 else "tool"
    return Problem(rule.name, one_line(f'tool "{rule.tool}" matches no {where}'), _hint(rule.tool, names))


def _hint(pattern: str, known: Iterable[str]) -> str:
    names = list(known)
    return one_line(nearest(pattern, names) or (f"known here: {', '.join(names[:12])}" if names else ""))
