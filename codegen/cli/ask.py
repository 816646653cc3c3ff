"""`codegen ask`: Claude Code does a task in the workspace; what it does is shown, and a person here approves."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import aclosing, closing, suppress
from dataclasses import replace

from codegen.agents.claude_code import Came, Final, Order, Said, Step, Used, pursue
from codegen.cli import output
from codegen.cli.asking import QUESTION
from codegen.cli.options import parser, workspace
from codegen.cli.person import person
from codegen.cli.run import can_ask
from codegen.config.paths import Workspace, is_agent
from codegen.config.settings import load_settings
from codegen.journal.read import calls_of, recent_runs, waiting_runs
from codegen.journal.record import RunRecord, Wanted
from codegen.model import Json, JsonObject
from codegen.privacy.veil import Veil
from codegen.runtime.client import connect
from codegen.runtime.wording import asked, asked_lines, call_line

LOOK_S = 0.3
"""Seconds between two looks for calls that wait."""

SHOWN = 12
"""Lines shown of a script, and calls of a run."""


def main(words: list[str]) -> int:
    options = parser(
        "ask",
        "Have Claude Code do a task in this workspace, and see what it searches, writes, runs and calls. The answer is"
        " on stdout. Needs the extra `agents`, and Claude Code's login or ANTHROPIC_API_KEY.",
        'codegen ask "Which customers have late orders, and how much do they owe?"',
        'codegen ask --model opus --max-turns 20 --max-cost 0.50 "…"',
        'codegen ask --json "…"',
    )
    options.add_argument("task", help="what is to be done, in your words")
    options.add_argument("--model", help="default: Claude Code's")
    options.add_argument("--max-turns", type=int, metavar="N", help="end after N turns of the model")
    options.add_argument("--max-cost", type=float, metavar="USD", help="end when it has cost this much")
    options.add_argument("--json", action="store_true", help="print one JSON document, and nothing on the way")
    arguments = options.parse_args(words)
    if is_agent():
        options.error("an agent can't ask another one: write the script and run it")
    place = workspace(arguments.workspace)
    order = Order(arguments.task, arguments.model, arguments.max_turns, arguments.max_cost)
    start = time.time()
    connect(place.root).close()
    final = asyncio.run(_pursue(place, order, asks=can_ask(as_json=arguments.json), quiet=arguments.json))
    with closing(Veil(load_settings(place.settings).privacy, place.state)) as veil:
        final = replace(final, text=veil.reveal(final.text))  # whoever asks is no model
    runs = recent_runs(place.journal, 100, Wanted(since=start))
    waiting = [run for run in runs if run.state == "waiting"]
    if arguments.json:
        output.document(_document(final, runs))
    else:
        _tell(final, runs, waiting)
    return 4 if waiting else 0 if final.success else 1


async def _pursue(place: Workspace, order: Order, *, asks: bool, quiet: bool) -> Final:
    """Show each step; meanwhile the person is asked for approvals. Ctrl-C ends Claude Code and all that it runs."""
    asking = asyncio.create_task(_approve(place, time.time())) if asks else None
    environment = {"CODEGEN_APPROVER": "1"} if asks else {}
    shown: set[str] = set()
    final = Final("", success=False, why="no answer", turns=0, cost_usd=None, session="", denied=())
    try:
        async with aclosing(pursue(place.root, order, environment)) as steps:  # type: ignore[type-var]
            start = time.time()
            async for step in steps:
                if isinstance(step, Final):
                    final = step
                elif not quiet:
                    _show(step, place, start, shown)
    finally:
        if asking is not None:
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
    return final


def _show(step: Step, place: Workspace, start: float, shown: set[str]) -> None:
    match step:
        case Said(text):
            output.remark(text)
        case Used(tool, what, content):
            output.remark(f"> {tool} {what}")
            lines = content.splitlines()
            output.write_remark("".join(f"    {line}\n" for line in lines[:SHOWN]))
            if len(lines) > SHOWN:
                output.remark(f"    … {len(lines) - SHOWN} lines more")
        case Came(_, text, failed, seconds):
            first = text.strip().splitlines()[:1] or [""]
            output.remark(f"  {'failed' if failed else 'done'} in {seconds:.1f} s  {first[0][:100]}")
            _show_calls(place, start, shown)


def _show_calls(place: Workspace, start: float, shown: set[str]) -> None:
    """The calls of the runs that ended since the last look, each with its time."""
    for run in reversed(recent_runs(place.journal, 20, Wanted(since=start))):
        if run.state == "running" or run.id in shown:
            continue
        shown.add(run.id)
        calls = calls_of(place.journal, run.id)
        output.remark(f"  run {run.id}: {run.state}, {len(calls)} calls, {run.seconds or 0:.1f} s")
        for call in calls[:SHOWN]:
            output.remark(f"    {call_line(call, 80)}  {call.state} {(call.seconds or 0) * 1000:.0f} ms")
        if len(calls) > SHOWN:
            output.remark(f"    … {len(calls) - SHOWN} more: codegen runs show {run.id}")


async def _approve(place: Workspace, since: float) -> None:
    """Ask for each call that stands still and waits, until this is cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(LOOK_S)
        for run in (each for each in waiting_runs(place.journal) if each.started >= since and each.state == "running"):
            for call in (each for each in calls_of(place.journal, run.id) if each.state == "waiting"):
                output.remark(
                    f"\nThis call needs an approval:\n{asked_lines(asked(run.id, call, call.why))}\n{QUESTION}"
                )
                word = ""
                while word not in {"y", "n", "a"}:
                    word = (await _line(loop)).strip().lower()[:1]
                _decide(place, run, call.number, word)


async def _line(loop: asyncio.AbstractEventLoop) -> str:
    """A line of the terminal; no thread waits for it, so that Ctrl-C ends it."""
    ready = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
    line = sys.stdin.readline()
    if not line:
        os.kill(os.getpid(), 2)  # nobody is there any more: as Ctrl-C
    return line


def _decide(place: Workspace, run: RunRecord, number: int, word: str) -> None:
    connection = connect(place.root)
    allow, like = word != "n", word == "a"
    connection.send(
        {"decide": {"run": run.id, "call": number, "allow": allow, "like": like, "by": person(), "reason": ""}}
    )
    connection.receive()
    connection.close()


def _tell(final: Final, runs: tuple[RunRecord, ...], waiting: list[RunRecord]) -> None:
    if final.text:
        output.line(final.text)
    cost = f", {final.cost_usd:.2f} USD" if final.cost_usd is not None else ""
    run = f", run {runs[0].id}" if runs else ", nothing was run"
    why = "" if final.success else f": {final.why or 'failed'}"
    output.remark(f"{final.turns} turns{cost}{run}{why}")
    for tool in final.denied:
        output.remark(f"! {tool} needed a permission that .claude/settings.json doesn't give")
    for each in waiting:
        output.remark(f"run {each.id} waits: codegen approve {each.id}   or   codegen reject {each.id}")


def _document(final: Final, runs: tuple[RunRecord, ...]) -> JsonObject:
    ids: list[Json] = [run.id for run in reversed(runs)]
    return {
        "version": 1,
        "answer": final.text,
        "success": final.success,
        "why": final.why,
        "run": runs[0].id if runs else None,
        "runs": ids,
        "waiting": [run.id for run in runs if run.state == "waiting"],
        "turns": final.turns,
        "cost_usd": final.cost_usd,
        "session": final.session,
        "denied": [*final.denied],
    }
