"""What a call of `codemode` gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from codegen.agents.task import Answer, Usage
from codegen.agents.workbench import Entry, Run, Workbench
from codegen.journal.record import CallRecord


@dataclass(frozen=True, slots=True)
class CodeModeResult:
    """`output` is the answer, of the `result_type` that was asked for. `success`: there is one, and the last script
    that was run succeeded; else `error` says what is wrong.

    `script`, `run_id` are the last run's, `calls` those of all runs, with arguments, answer and seconds. `cost` is in
    US dollars, None where nobody knows it. All of it but `execution_log` and `script`, which are the model's own words,
    has personal data in clear where [privacy] showed the model tokens.
    """

    output: Any
    success: bool
    execution_log: tuple[Entry, ...]
    script: str = ""
    calls: tuple[CallRecord, ...] = field(default=(), hash=False)
    run_id: str = ""
    error: str = ""
    turns: int = 0
    usage: Usage = field(default_factory=Usage)
    cost: float | None = None

    @property
    def waiting(self) -> tuple[CallRecord, ...]:
        """The calls that would have needed an approval, and that nobody was asked about."""
        return tuple(call for call in self.calls if call.state == "waiting")


def result_of(answer: Answer, bench: Workbench) -> CodeModeResult:
    """An answer, with what was done for it."""
    last = bench.runs[-1] if bench.runs else None
    error = answer.problem or _trouble(last)
    return CodeModeResult(
        output=answer.output,
        success=not error,
        execution_log=tuple(bench.log),
        script=last.script if last else "",
        calls=tuple(call for run in bench.runs for call in run.calls),
        run_id=last.id if last else "",
        error=error,
        turns=answer.turns,
        usage=answer.usage,
        cost=answer.cost,
    )


def _trouble(run: Run | None) -> str:
    if run is None or run.succeeded:
        return ""
    if run.state == "waiting":
        named = ", ".join(f"{call.server}.{call.tool}" for call in run.calls if call.state == "waiting")
        return f"run {run.id} waits for an approval of {named}"
    lines = run.stderr.strip().splitlines()
    return f"the last script {run.state}: {lines[-1]}" if lines else f"the last script {run.state}"
