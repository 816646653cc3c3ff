"""What a script can do, found before it runs: the tools that it and the skills it imports can call, and what the policy
makes of these calls.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from codegen.config.paths import Workspace
from codegen.config.settings import load_settings
from codegen.errors import nearest
from codegen.generate.parameters import read_parameters
from codegen.generate.types import Types
from codegen.model import JsonObject, Tool
from codegen.policy.calls import Found, FoundCall, Unclear, Use, find_calls
from codegen.policy.conditions import Unknown, is_known
from codegen.policy.facts import Facts, is_write
from codegen.policy.policy import Outcome, Policy, open_policy
from codegen.policy.rules import Decision
from codegen.workspace.modules import Exports, read_modules
from codegen.workspace.tools import SyncedTools


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One place that can call a tool. `arguments` are by the wire's names, those that the source shows; `outcomes` are
    what may become of it, one where they decide it. `handed_on`: something else calls it, with arguments of its own.
    """

    path: str
    file: str
    line: int
    facts: Facts
    outcomes: tuple[Outcome, ...]
    arguments: JsonObject = field(hash=False)
    in_loop: bool = False
    handed_on: bool = False

    @property
    def writes(self) -> bool:
        return is_write(self.facts)

    @property
    def actions(self) -> frozenset[str]:
        return frozenset(outcome.decision.action for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class UnclearCall:
    """A place that may call some tool of `reach` (`shop.*`, `*.*`), or one that isn't in the tree."""

    file: str
    line: int
    what: str
    reach: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`files` are the script and the modules of the workspace that it imports, as they are shown. `absent` are the
    tools that the script itself names and that no file is there for: the check of a run refuses them.
    """

    files: tuple[str, ...]
    calls: tuple[PlannedCall, ...]
    unclear: tuple[UnclearCall, ...]
    absent: tuple[str, ...] = ()


def plan(place: Workspace, source: str, file: str) -> Plan:
    """The plan of a script, `file` being where it lies below the workspace's root, or what it is called.

    Raises ScriptError where it doesn't parse.
    """
    settings = load_settings(place.settings)
    modules = read_modules(place, source, file)
    exports = Exports({module.name: module for module in modules})
    found = {module.name: find_calls(module.tree, module.bound, exports.expand) for module in modules}
    repeated = _repeated(found)
    reader = _Reader(SyncedTools(place, settings), open_policy(settings))
    for module in modules:
        for call in found[module.name].calls:
            reader.read(call, module.file, in_loop=call.in_loop or (module.name, call.function) in repeated)
        unclear = [*found[module.name].unclear, *([Unclear(1, module.problem, "*.*")] if module.problem else [])]
        reader.unclear += [UnclearCall(module.file, each.line, each.what, each.reach) for each in unclear]
    files, absent = tuple(module.file for module in modules), tuple(reader.absent.get(file, ()))
    return Plan(files, tuple(reader.calls), tuple(reader.unclear), absent)


class _Reader:
    """Turns what was found in sources into what it means here."""

    def __init__(self, tools: SyncedTools, policy: Policy) -> None:
        self._tools = tools
        self._policy = policy
        self.calls: list[PlannedCall] = []
        self.unclear: list[UnclearCall] = []
        self.absent: dict[str, dict[str, None]] = {}

    def read(self, call: FoundCall, file: str, *, in_loop: bool) -> None:
        tool, denied = self._tools.by_path.get(call.path), ""
        if tool is None:
            self.absent.setdefault(file, {})[call.path] = None
        if tool is None and call.path in self._tools.denied:
            tool, denied = self._tools.denied[call.path]
        if tool is None:
            hint = nearest(call.path, self._tools.by_path)
            what = f"{call.path} is not in the tree" + (f", {hint}" if hint else "")
            self.unclear.append(UnclearCall(file, call.line, what, call.path))
            return
        arguments, of_tool = _on_the_wire(tool, call.arguments), self._policy.of(tool)
        refused = Outcome(Decision("deny", f"codegen.toml [servers.{tool.server}]", denied))
        planned = PlannedCall(
            path=call.path,
            file=file,
            line=call.line,
            facts=of_tool.facts,
            outcomes=(refused,) if denied else of_tool.outcomes(arguments),
            arguments=arguments,
            in_loop=in_loop,
            handed_on=call.handed_on,
        )
        self.calls.append(planned)


def _on_the_wire(tool: Tool, given: JsonObject) -> JsonObject:
    """Arguments by the wire's names; those that a parameter for all others holds are spread."""
    names = read_parameters(tool.input_schema, Types()).names()
    made: JsonObject = Unknown() if isinstance(given, Unknown) else {}
    for name, value in given.items():
        wire = names.get(name, name)
        if wire is not None:
            made[wire] = value
        elif isinstance(value, dict):
            made = {**value, **made} if is_known(value) and is_known(made) else Unknown({**value, **made})
        else:
            made = Unknown(made)
    return made


_Place = tuple[str, str]
"""A module and the name of a function in it."""


def _repeated(found: dict[str, Found]) -> set[_Place]:
    """The functions that may run more than once, because a loop uses them, or what such a function uses."""
    used: dict[_Place, set[_Place]] = {}
    repeated: set[_Place] = set()
    for module, each in found.items():
        for use in each.uses:
            target, user = _place_of(use, module, found), (module, use.function)
            used.setdefault(user, set()).add(target)
            if use.in_loop or target == user:
                repeated.add(target)
    waiting = list(repeated)
    while waiting:
        for target in used.get(waiting.pop(), set()) - repeated:
            repeated.add(target)
            waiting.append(target)
    return repeated


def _place_of(use: Use, module: str, found: dict[str, Found]) -> _Place:
    owner, _, name = use.name.rpartition(".")
    return (owner, name) if owner in found and owner else (module, use.name.partition(".")[0])
