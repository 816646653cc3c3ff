"""How an agent works in each regime, turn by turn. These rules are all that the benchmark assumes; texts are real.

For all: a conversation begins with the harness's prompt and what the regime puts beside it (the prefix), then what the
person asks; it ends with the same answer. Everything read and written counts, tool calls as the JSON they are. Thinking
doesn't. No regime makes a mistake, but for the repairs that a setting gives to the scripts, never to direct calls.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from codegen.tokens.conversation import HARNESS, Spent, Turn, spent
from codegen.tokens.count import counter

from .offered import Found, K, Offered
from .record import Recorded
from .tasks import queries_of

count = lru_cache(1 << 16)(counter().count)


@dataclass(frozen=True)
class Setting:
    """What sensitivity varies. `result`: tokens of each result, None for the real ones; `repairs`: how often the check
    refuses the script before it runs; `warm`: the prefix is in the cache; `slow`: the agent writes a script and runs it
    in two turns, and writes all of it anew when it was refused.
    """

    harness: int = HARNESS
    result: int | None = None
    repairs: int = 0
    warm: bool = False
    slow: bool = False


@dataclass(frozen=True)
class Case:
    """One task in one catalogue, with what `codegen search` answers there: for its parts alone, for all an agent asks,
    and for the same when the task's script was saved.
    """

    run: Recorded
    offered: Offered
    guide: str
    parts: Found
    found: Found
    skilled: Found

    @property
    def queries(self) -> tuple[str, ...]:
        return queries_of(self.run.task)


Regime = Callable[[Case, Setting], Spent]


def direct(case: Case, setting: Setting) -> Spent:
    """All definitions in the prompt. Calls that don't wait for one another are made side by side, in one turn."""
    talk = _Talk(case)
    talk.call(case.run, setting)
    return talk.end(setting, case.offered.definitions())


def tool_search(case: Case, setting: Setting) -> Spent:
    """Claude Code's default: names in the prompt; one search of five hits for each part, all in one turn, that finds
    what `codegen search` finds; whole definitions stay in the context. What it misses is loaded by name, a turn later.
    """
    talk = _Talk(case)
    talk.say(*(_use("ToolSearch", query=query, max_results=K) for query in case.run.task.queries))
    known = case.offered.known(case.parts.paths)
    talk.hear(*map(case.offered.definition, known))
    if missing := sorted(set(case.run.task.gold) - set(known)):
        talk.say(_use("ToolSearch", query="select:" + ",".join(missing), max_results=K))
        talk.hear(*map(case.offered.definition, missing))
    talk.call(case.run, setting)
    return talk.end(setting, case.offered.names())


def typescript(case: Case, setting: Setting) -> Spent:
    """Types of all tools in the prompt, as Cloudflare's code mode has them. The first turn writes the script, which
    counts as long as ours in Python, and runs it. There is no file to edit: a refused script is sent again as a whole.
    """
    talk = _Talk(case)
    for _ in range(setting.repairs):
        talk.say(_use("codemode", code=case.run.slipped))
        talk.hear(case.run.refusal)
    talk.say(_use("codemode", code=case.run.task.script))
    talk.hear(case.run.output)
    return talk.end(setting, case.offered.typescript())


def browse(case: Case, setting: Setting) -> Spent:
    """Our tree without search: the list of servers, the lists of the right servers' tools, the right tools' files, each
    read by one `cat`; then as `search`.
    """
    talk, gold = _Talk(case), case.run.task.gold
    talk.say(_bash("cat servers/README.md"))
    talk.hear(case.offered.list_of_servers())
    folders = dict.fromkeys(path.partition(".")[0] for path in gold)
    talk.say(_bash("cat " + " ".join(f"servers/{folder}/README.md" for folder in folders)))
    talk.hear(*dict.fromkeys(map(case.offered.list_of_tools, gold)))
    talk.say(_bash("cat " + " ".join(f"servers/{path.replace('.', '/')}.py" for path in gold)))
    talk.hear(*map(case.offered.module, gold))
    talk.script(case.run, setting)
    return talk.end(setting, case.guide)


def search(case: Case, setting: Setting) -> Spent:
    """Ours: AGENTS.md in the prompt; one search with all needs; the script written and run in one turn, from the
    answer's lines alone. A tool that the search misses costs one more search, by its name; a refused script one edit of
    the wrong line.
    """
    talk = _Talk(case)
    talk.say(_search(case.queries))
    talk.hear(case.found.text)
    if missing := sorted(set(case.run.task.gold) - case.found.paths):
        talk.say(_search(missing))
        talk.hear(case.offered.lines(missing))
    talk.script(case.run, setting)
    return talk.end(setting, case.guide)


def skill(case: Case, setting: Setting) -> Spent:
    """Ours, when the task's script was saved: the same search, then `codegen skills run`. It ran before, so nothing is
    repaired. Where the search doesn't show the skill, as `search`.
    """
    if f"skills.{case.run.task.name}" not in case.skilled.paths:
        return search(case, setting)
    talk = _Talk(case)
    talk.say(_search(case.queries))
    talk.hear(case.skilled.text)
    talk.say(_bash(case.run.skill_command))
    talk.hear(case.run.skill_output)
    return talk.end(setting, case.guide)


REGIMES: dict[str, Regime] = {
    "direct": direct,
    "tool search": tool_search,
    "TypeScript": typescript,
    "ls + cat": browse,
    "codegen": search,
    "codegen, skill": skill,
}


class _Talk:
    """A conversation that grows: what was heard since the model last spoke is read with its next words."""

    def __init__(self, case: Case) -> None:
        self._task = case.run.task
        self._heard = count(self._task.asks)
        self._turns: list[Turn] = []

    def hear(self, *texts: str) -> None:
        self._heard += sum(map(count, texts))

    def hear_tokens(self, tokens: int) -> None:
        self._heard += tokens

    def say(self, *texts: str) -> None:
        """One turn of the model."""
        self._turns.append(Turn(self._heard, sum(map(count, texts))))
        self._heard = 0

    def call(self, run: Recorded, setting: Setting) -> None:
        """The task's calls one by one, a round a turn."""
        for calls in run.rounds:
            self.say(*(call.asked for call in calls))
            for call in calls:
                self.hear_tokens(count(call.answered) if setting.result is None else setting.result)

    def script(self, run: Recorded, setting: Setting) -> None:
        """Write a script and run it, after as many that were refused as the setting says."""
        file = f"scripts/{run.task.name}.py"
        first = run.slipped if setting.repairs else run.task.script
        texts = [_use("Write", file_path=file, content=first)]
        texts += [self._mended(run, file, setting)] * setting.repairs
        for at, written in enumerate(texts):
            told = f"The file {file} has been updated." if at else f"File created successfully at: {file}"
            if setting.slow:
                self.say(written)
                self.hear(told)
                self.say(_bash(run.command))
            else:
                self.say(written, _bash(run.command))
                self.hear(told)
            self.hear(run.output if at == setting.repairs else run.refusal)

    def _mended(self, run: Recorded, file: str, setting: Setting) -> str:
        """The wrong line replaced; by a slow agent the whole script."""
        if setting.slow:
            return _use("Write", file_path=file, content=run.task.script)
        lines = zip(run.slipped.splitlines(), run.task.script.splitlines(), strict=True)
        (wrong, right) = next((one, other) for one, other in lines if one != other)
        return _use("Edit", file_path=file, old_string=wrong, new_string=right)

    def end(self, setting: Setting, prefix: str) -> Spent:
        """The answer, and the bill."""
        self.say(self._task.answer)
        return spent(setting.harness + count(prefix), self._turns, warm=setting.warm)


def _search(queries: Sequence[str]) -> str:
    return _bash("codegen search " + " ".join(f'"{query}"' for query in queries))


def _bash(command: str) -> str:
    return _use("Bash", command=command)


def _use(name: str, **given: object) -> str:
    return json.dumps({"name": name, "input": given}, ensure_ascii=False, separators=(",", ":"))
