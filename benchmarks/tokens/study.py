"""The tables: every task in every regime, and what moves when one thing of the setting does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import cycle, islice
from statistics import mean

from codegen.model import Catalogue
from codegen.tokens.conversation import HARNESS, Spent

from .offered import corpus, offered, some
from .record import Recorded, Recording
from .regimes import REGIMES, Case, Regime, Setting, count
from .tasks import queries_of

WORST = Setting(result=50, repairs=2)
FEW = 20
"""Tools of the worst case: so few that their definitions cost little."""
CALLS = (1, 2, 3, 5, 10, 20, 50, 100)
RESULTS = (50, 200, 500, 2_000, 10_000)
HARNESSES = (0, 5_000, HARNESS, 30_000)
REPAIRS = (0, 1, 2, 3)
SIZES = (300, 1_000)
REPEATED = "sold_out"
"""The task whose call is repeated where the number of calls varies."""
HEAD = ("", "turns", "new", "cached", "written", "first task", "of direct", "later task", "of direct")


@dataclass(frozen=True)
class Table:
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Study:
    """The tasks among the tools that are here, and among few; `grown` adds those of ../shared."""

    def __init__(self, recording: Recording, stack: ExitStack) -> None:
        self._recording = recording
        self._stack = stack
        self.here = self._cases(recording.catalogues, recording.tasks)
        for case in self.here:
            if case.found.text != (said := recording.searched[case.run.task.name]):
                raise SystemExit(f"{case.run.task.name}: codegen search said\n{said}\nand not\n{case.found.text}")
        self.few = [case for run in recording.tasks for case in self._cases(self._chosen(run), [run])]

    @property
    def size(self) -> int:
        return len(self.here[0].offered.tools)

    def grown(self) -> dict[int, list[Case]]:
        """By number of tools; nothing where ../shared has none."""
        ours = self._recording.catalogues
        others = corpus([*(each.server.name for each in ours), "filesystem"])
        if not others:
            return {}
        every = (*ours, *others)
        total = sum(len(each.tools) for each in every)
        larger = {size: some(every, size, ()) for size in (*SIZES, total) if size > self.size}
        return {FEW: self.few, self.size: self.here} | {
            size: self._cases(catalogues, self._recording.tasks) for size, catalogues in larger.items()
        }

    def _chosen(self, run: Recorded) -> tuple[Catalogue, ...]:
        return some(self._recording.catalogues, FEW, run.task.gold)

    def _cases(self, catalogues: Iterable[Catalogue], runs: Sequence[Recorded]) -> list[Case]:
        """What is found while no skill is in the index is asked first."""
        place = self._stack.enter_context(offered(catalogues, self._recording.skills))
        parts = [place.found(run.task.queries) for run in runs]
        found = [place.found(queries_of(run.task)) for run in runs]
        skilled = [place.found(queries_of(run.task), skilled=True) for run in runs]
        rows = zip(runs, parts, found, skilled, strict=True)
        return [Case(run, place, self._recording.guide, *answers) for run, *answers in rows]


def worst(study: Study) -> Table:
    rows = list(_compared(study.few, WORST, REGIMES))
    rows += _compared(study.few, replace(WORST, slow=True), {"codegen, slow agent": REGIMES["codegen"]})
    title = (
        f"The worst case: {FEW} tools, results of {WORST.result} tokens, {WORST.repairs} scripts refused in each task"
    )
    return Table(title, HEAD, tuple(rows))


def real(study: Study) -> Table:
    title = f"{study.size} tools, results as they came, no script refused; mean of {len(study.here)} tasks"
    return Table(title, HEAD, tuple(_compared(study.here, Setting(), REGIMES)))


def each_task(study: Study) -> Table:
    rows = []
    for case in study.here:
        results = sum(count(call.answered) for calls in case.run.rounds for call in calls)
        rows.append((case.run.task.name, str(case.run.calls), f"{results:,}", *_cells([case], Setting())))
    head = ("task", "calls", "results", *REGIMES)
    return Table(f"Each task, {study.size} tools: first task / later task, thousands of tokens", head, tuple(rows))


def by_result(study: Study) -> Table:
    settings = {"as they came": Setting()} | {f"{size:,}": Setting(result=size) for size in RESULTS}
    return _varied("Tokens of each result", study.here, settings)


def by_harness(study: Study) -> Table:
    return _varied("The agent's own prompt", study.here, {f"{size:,}": Setting(harness=size) for size in HARNESSES})


def by_repairs(study: Study) -> Table:
    return _varied("Scripts refused before one runs", study.here, {str(n): Setting(repairs=n) for n in REPAIRS})


def by_size(grown: dict[int, list[Case]]) -> Table:
    rows = tuple((f"{size:,}", *_cells(cases, Setting())) for size, cases in grown.items())
    return Table(_title("Tools"), ("", *REGIMES), rows)


def by_calls(study: Study) -> Table:
    """Direct calls side by side and one after the other; scripts are as long for one as for a hundred."""
    rows = [(f"{calls:,}", *_cells([_repeated(study, calls)], Setting(), _CALLING)) for calls in CALLS]
    ahead = [(f"{calls:,}", *_cells([_repeated(study, calls, apart=True)], Setting(), _CALLING)[:2]) for calls in CALLS]
    head = ("", "direct", "tool search", "direct, one by one", "tool search, one by one", "codegen")
    merged = tuple((*row[:3], *other[1:], row[3]) for row, other in zip(rows, ahead, strict=True))
    return Table(_title(f"Calls of one tool ({REPEATED})"), head, merged)


_CALLING = {name: REGIMES[name] for name in ("direct", "tool search", "codegen")}


def cost(cases: Sequence[Case], setting: Setting, regime: str) -> float:
    """The mean over some cases, in tokens of plain input."""
    return mean(REGIMES[regime](case, setting).cost for case in cases)


def calls_series(study: Study, setting: Setting, regime: str, *, apart: bool = False) -> list[tuple[float, float]]:
    return [(n, cost([_repeated(study, n, apart=apart)], setting, regime)) for n in CALLS]


def break_even(study: Study) -> Table:
    later = Setting(warm=True)
    ways = ((Setting(), False), (later, False), (Setting(), True), (later, True))
    rows = [
        (name, *(str(_least(study, setting, name, apart=apart)) for setting, apart in ways))
        for name in ("direct", "tool search")
    ]
    head = ("", "side by side, first task", "later task", "one by one, first task", "later task")
    return Table(f"Calls from which on a script is no dearer, {study.size} tools", head, tuple(rows))


def _least(study: Study, setting: Setting, regime: str, *, apart: bool) -> int:
    cases = ((n, [_repeated(study, n, apart=apart)]) for n in range(1, 1_000))
    return next(n for n, case in cases if cost(case, setting, "codegen") <= cost(case, setting, regime))


def _repeated(study: Study, calls: int, *, apart: bool = False) -> Case:
    """The task with so many calls of its most called tool, all in one round or each in a round of its own."""
    case = next(each for each in study.here if each.run.task.name == REPEATED)
    made = tuple(islice(cycle(max(case.run.rounds, key=len)), calls))
    return replace(case, run=replace(case.run, rounds=tuple((call,) for call in made) if apart else (made,)))


def _varied(title: str, cases: Sequence[Case], settings: dict[str, Setting]) -> Table:
    rows = tuple((label, *_cells(cases, setting)) for label, setting in settings.items())
    return Table(_title(title), ("", *REGIMES), rows)


def _title(what: str) -> str:
    return f"{what}: first task / later task, thousands of tokens"


def _cells(cases: Sequence[Case], setting: Setting, regimes: dict[str, Regime] = REGIMES) -> list[str]:
    later = replace(setting, warm=True)
    return [f"{_kilo(cost(cases, setting, name))} / {_kilo(cost(cases, later, name))}" for name in regimes]


def _compared(cases: Sequence[Case], setting: Setting, regimes: dict[str, Regime]) -> Iterator[tuple[str, ...]]:
    """A regime's tokens by kind in the first task of a session, its cost there and in a later one."""
    later = replace(setting, warm=True)
    for name, regime in regimes.items():
        bills = [regime(case, setting) for case in cases]
        first, after = mean(bill.cost for bill in bills), mean(regime(case, later).cost for case in cases)
        kinds = [f"{_mean(bills, kind):,.0f}" for kind in ("new", "cached", "written")]
        yield (
            name, f"{_mean(bills, 'turns'):.1f}", *kinds,
            f"{first:,.0f}", f"{first / cost(cases, setting, 'direct'):.0%}",
            f"{after:,.0f}", f"{after / cost(cases, later, 'direct'):.0%}",
        )  # fmt: skip


def _mean(bills: Iterable[Spent], kind: str) -> float:
    return mean(getattr(bill, kind) for bill in bills)


def _kilo(tokens: float) -> str:
    return f"{tokens / 1000:.1f}"
