"""What tasks cost in tokens, by the way an agent reaches its tools: no model, no network, the same figures each time.

    make bench-tokens                                  prints all tables, the worst case first, and writes their figures
                                                       into docs/when-to-use.md, and docs/tokens-*.svg
    PYTHONPATH=benchmarks python -m tokens --check     tells whether the page still says what is measured

Tokens are o200k's; costs are tokens of plain input (1.25 for new ones, 0.1 for cached, 5 for written). regimes.py has
the rules, tasks.py the tasks. Servers: the bundled shop, and those of `make servers`; tools that make the catalogue
larger come from ../shared. Where some of it is missing, the rest is printed, and what it can't bear out is not written.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from measure import ROOT, table

from . import study as tables
from .charts import bars, lines
from .page import differences, filled, markdown
from .record import Recording, recorded
from .regimes import REGIMES, Case, Setting
from .study import Study, Table
from .tasks import TASKS

PAGE = ROOT / "docs" / "when-to-use.md"
LATER = Setting(warm=True)


def main(words: list[str]) -> int:
    check = "--check" in words
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="codegen-benchmark-"))).resolve() / "ana"
        recording = stack.enter_context(recorded(home))
        study = Study(recording, stack)
        grown = study.grown()
        made = dict(_tables(study, grown))
        if not check:
            for each in made.values():
                table(each.title, [each.head, *each.rows])
        texts = {name: markdown(each) for name, each in made.items()}
        whole = len(recording.tasks) == len(TASKS)
        charts = _charts(study, grown) if whole and not check else {}
    _tell_what_is_missing(recording, grown)
    if check:
        return _check(texts if whole else {})
    if whole:
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), texts), encoding="utf-8")
        for name, text in charts.items():
            (PAGE.parent / name).write_text(text, encoding="utf-8")
        print(f"written: {PAGE.relative_to(ROOT)}, {', '.join(charts)}")
    return 0


def _tables(study: Study, grown: dict[int, list[Case]]) -> Iterator[tuple[str, Table]]:
    """The worst case is the first."""
    yield "worst", tables.worst(study)
    yield "real", tables.real(study)
    yield "tasks", tables.each_task(study)
    yield "calls", tables.by_calls(study)
    yield "even", tables.break_even(study)
    if grown:
        yield "size", tables.by_size(grown)
    yield "result", tables.by_result(study)
    yield "harness", tables.by_harness(study)
    yield "repairs", tables.by_repairs(study)


def _charts(study: Study, grown: dict[int, list[Case]]) -> dict[str, str]:
    """By file name. The one on catalogue size needs the tools of ../shared."""
    both = (tables.WORST, Setting(result=tables.WORST.result, repairs=tables.WORST.repairs, warm=True))
    costs = {name: [tables.cost(study.few, setting, name) for setting in both] for name in REGIMES}
    made = {"tokens-worst.svg": bars("The worst case: cost in tokens of plain input", costs, ("first", "later"))}
    series = {
        "direct": tables.calls_series(study, LATER, "direct"),
        "direct: one by one*": tables.calls_series(study, LATER, "direct", apart=True),
        "tool search": tables.calls_series(study, LATER, "tool search"),
        "codegen": tables.calls_series(study, LATER, "codegen"),
    }
    made["tokens-calls.svg"] = lines("Cost of a later task by its calls", series, "calls of a small tool")
    if grown:
        sizes = {
            name: [(float(size), tables.cost(cases, Setting(), name)) for size, cases in grown.items()]
            for name in REGIMES
        }
        made["tokens-size.svg"] = lines("Cost of a first task by the tools there are", sizes, "tools")
    return made


def _tell_what_is_missing(recording: Recording, grown: dict[int, list[Case]]) -> None:
    if left_out := sorted({task.name for task in TASKS} - {each.task.name for each in recording.tasks}):
        print(
            f"left out, since their servers are not installed (make servers): {', '.join(left_out)}; nothing is written"
        )
    if not grown:
        print("no tools at ../shared/corpora: the table of larger catalogues stays as it was")


def _check(texts: dict[str, str]) -> int:
    wrong = differences(PAGE.read_text(encoding="utf-8"), texts)
    print(
        "\n".join([*wrong, "docs/when-to-use.md: make bench-tokens"]) if wrong else "docs/when-to-use.md is borne out"
    )
    return bool(wrong)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
