"""codemode, whole: with a scripted model in the place of a real one, and everything else as it is."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from codemode.scripted import Scripted, run, use
from conftest import Commands
from pydantic_ai import Agent, ModelRetry, RunContext

from codegen import CodeModeResult, Verdict, codemode, codemode_async, hints
from codegen.config.paths import Workspace
from codegen.errors import UsageError


@dataclass
class Weather:
    city: str
    celsius: float


def get_weather(city: str) -> Weather:
    """The weather of a city now."""
    return Weather(city, {"Paris": 21.5, "Oslo": 9.0}[city])


WARMER = """\
from servers.local import get_weather


def main(first: str = "Paris", second: str = "Oslo") -> dict[str, float]:
    return {city: get_weather(city=city)["celsius"] for city in (first, second)}
"""


def test_two_tools_are_compared_in_one_script_and_its_value_is_the_answer():
    async def get_forecast(city: str, days: int = 3) -> list[Weather]:
        """The weather of the next days."""
        return [Weather(city, 10.0 + day) for day in range(days)]

    script = """\
from servers.local import get_forecast, get_weather


def main() -> dict[str, bool]:
    return {city: get_weather(city=city)["celsius"] > get_forecast(city=city, days=1)[0]["celsius"]
            for city in ("Paris", "Oslo")}
"""
    model = Scripted([use("search", queries=["weather"]), use("describe", names=["local.get_weather"])],
                     run(script, final=True))  # fmt: skip
    heard: list[str] = []
    result = codemode(
        [get_weather, get_forecast], "Where does it get colder?", backend=model, result_type=dict[str, bool],
        watch=lambda entry: heard.append(entry.kind),
    )  # fmt: skip
    assert isinstance(result, CodeModeResult)
    assert (result.output, result.success, result.error) == ({"Paris": True, "Oslo": False}, True, "")
    assert [f"{call.server}.{call.tool}" for call in result.calls] == ["local.get_weather", "local.get_forecast"] * 2
    assert all(call.seconds is not None for call in result.calls)
    assert (result.script, result.turns, len(result.run_id)) == (script, 2, 8)
    assert [entry.kind for entry in result.execution_log] == ["search", "describe", "run", *["call"] * 4] == heard
    first = model.messages[1]["content"]
    assert "local.get_weather(city: str) -> {city, celsius}  # The weather of a city now" in first
    assert "The weather" not in model.messages[0]["content"], "what functions say of themselves is data"
    searched, described = (block["content"] for block in model.messages[3]["content"])
    assert searched.startswith("<data>\nlocal.get_")
    assert "class GetWeatherResult(TypedDict)" in described or "celsius: float" in described


def test_an_agents_tools_have_their_deps_and_what_needs_approval_is_asked_for():
    agent = Agent(deps_type=dict)

    @agent.tool
    def balance(ctx: RunContext[dict[str, int]], owner: str) -> int:
        """What somebody has."""
        if owner not in ctx.deps:
            raise ModelRetry(f"nobody is called {owner}; there are {', '.join(ctx.deps)}")
        return ctx.deps[owner]

    @agent.tool_plain(requires_approval=True)
    async def pay(owner: str, amount: int) -> str:
        """Pay somebody."""
        accounts[owner] += amount
        return f"paid {amount}"

    accounts = {"Ada": 5, "Bob": 7}
    script = """\
from servers import ToolError, ToolRejected
from servers.local import balance, double, pay


def main():
    said = [double(number=balance(owner="Ada"))]
    for owner in ("Ada", "Bob"):
        try:
            said.append(pay(owner=owner, amount=3))
        except ToolRejected as error:
            said.append(f"rejected: {error.message}")
    try:
        balance(owner="Eve")
    except ToolError as error:
        said.append(error.message)
    return said
"""
    asked: list[Any] = []

    def approve(call: Any) -> bool | Verdict:
        asked.append((call.tool, call.arguments, call.at))
        return call.arguments["owner"] == "Ada" or Verdict(allowed=False, by="Eve", reason="no money")

    def double(number: int) -> int:
        return 2 * number

    result = codemode([agent, double], "Pay them", backend=Scripted(run(script, final=True)), deps=accounts,
                      approve=approve)  # fmt: skip
    assert result.output[:2] == [10, "paid 3"]
    assert "rejected: " in result.output[2]
    assert "no money" in result.output[2]
    assert result.output[3] == "nobody is called Eve; there are Ada, Bob"
    assert accounts == {"Ada": 8, "Bob": 7}
    assert asked == [("pay", {"owner": owner, "amount": 3}, "<script>:9") for owner in ("Ada", "Bob")]


def test_without_somebody_to_ask_the_run_waits_and_the_model_hears_of_it():
    deleted: list[int] = []

    @hints(destructive=True)
    def delete(number: int) -> None:
        """Delete something."""
        deleted.append(number)

    model = Scripted(run("from servers.local import delete\n\ndelete(number=3)\n"), "It waits for you.")
    result = codemode(delete, "Delete it", backend=model)
    assert (deleted, result.success, result.output) == ([], False, "It waits for you.")
    assert result.error == f"run {result.run_id} waits for an approval of local.delete"
    assert [call.arguments for call in result.waiting] == [{"number": 3}]
    said = model.results()[0]
    assert "a person has to approve" in said
    assert "number = 3" in said


def test_what_the_callback_raises_comes_through():
    @hints(destructive=True)
    def delete(number: int) -> None:
        """Delete something."""

    def approve(call: Any) -> bool:
        raise EOFError("nobody is at the terminal")

    with pytest.raises(EOFError, match="nobody is at the terminal"):
        codemode(delete, "Delete it", backend=Scripted(run("from servers.local import delete\n\ndelete(number=3)\n")),
                 approve=approve)  # fmt: skip


def test_an_answer_of_another_type_is_shown_to_the_model_which_tries_again():
    def wrong_type(results: list[str]) -> Any:
        assert "the answer is not of the type that was asked for" in results[0]
        assert "celsius" in results[0]
        return run('def main():\n    return {"city": "Oslo", "celsius": 9}', final=True)

    model = Scripted(run("def main():\n    return 5", final=True), wrong_type)
    result = codemode(get_weather, "Oslo?", backend=model, result_type=Weather)
    assert result.output == Weather("Oslo", 9.0)
    assert result.turns == 2


def test_functions_and_a_workspace_work_together_and_its_tree_stays_as_it_was(shop: Commands, monkeypatch):
    side_by_side = threading.Barrier(2, timeout=60)

    def price_in_dollars(euros: float) -> float:
        side_by_side.wait()  # each call waits for the other
        return euros * 2

    before = sorted((shop.root / "servers").rglob("*"))
    script = """\
from servers import gather
from servers.local import price_in_dollars
from servers.shop import list_orders


def main():
    prices = gather(*[lambda: price_in_dollars(euros=1.5)] * 2)
    return [sum(prices), len(list_orders()[:2])]
"""
    model = Scripted([use("search", queries=["orders of a customer"])], run(script, final=True))
    result = codemode([price_in_dollars, Workspace(shop.root)], "Sum", backend=model)
    assert result.output == [6.0, 2], model.results()
    assert [call.server for call in result.calls] == ["local", "local", "shop"]
    assert sorted((shop.root / "servers").rglob("*")) == before

    monkeypatch.setenv("HOME", str(shop.root.parent))
    alone = codemode(f"~/{shop.root.name}", "Ping", backend=Scripted(run("print(6 * 7)"), lambda results: results[0]))
    assert alone.output == "<data>\n42\n</data>"
    assert alone.run_id in shop("runs").stdout, "its own journal"


def test_calls_from_threads_and_from_running_loops_do_not_meet():
    def task(first: str) -> tuple[Any, str]:
        script = WARMER.replace('"Oslo"', f'"{first}"').replace('"Paris"', f'"{first}"')
        return Scripted(run(script, final=True)), f"How warm is {first}?"

    def one(city: str) -> CodeModeResult:
        model, text = task(city)
        return codemode(get_weather, text, backend=model)

    async def both() -> list[CodeModeResult]:
        model, text = task("Oslo")
        beside = asyncio.create_task(codemode_async(get_weather, text, backend=model))
        await asyncio.sleep(0)
        return [one("Paris"), await beside]

    with ThreadPoolExecutor(2) as pool:
        in_threads = list(pool.map(one, ["Paris", "Oslo"]))
    outputs = [result.output for result in (*in_threads, *asyncio.run(both()))]
    assert outputs == [{"Paris": 21.5}, {"Oslo": 9.0}] * 2


def test_cancelling_it_ends_the_run_and_leaves_nothing():
    called = threading.Event()

    async def forever() -> None:
        called.set()
        await asyncio.Event().wait()

    async def cancelled() -> None:
        model = Scripted(run("from servers.local import forever\n\nforever()"))
        work = asyncio.create_task(codemode_async(forever, "Wait", backend=model))
        await asyncio.to_thread(called.wait, 60)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(cancelled())


def test_what_cannot_work_is_said_before_any_model_is_asked():
    model = Scripted()
    for given, options, said in (
        ([], {}, "there is nothing to work with"),
        ([get_weather, get_weather], {}, "two functions are called 'get_weather'"),
        (3, {}, "codemode can't work with int"),
        (get_weather, {"max_turn": 3}, "did you mean max_turns?"),
        (get_weather, {"backend": "abacus"}, "there is no backend 'abacus'"),
        (lambda city: city, {}, "write it with def"),
    ):
        with pytest.raises(UsageError, match=said.replace("?", r"\?")):
            codemode(given, "task", **{"backend": model, **options})


def test_the_limit_of_turns_ends_a_task_with_what_was_done_and_what_was_wrong_with_an_answer():
    model = Scripted([{"type": "text", "text": "nine"}], *[[use("search", queries=["weather"])]] * 2)
    result = codemode(get_weather, "Loop", backend=model, max_turns=3, result_type=int)
    assert (result.success, result.output) == (False, None)
    assert result.error.startswith(
        "there was no answer within 3 turns; the answer is not of the type that was asked for, int; what came is a text: nine"
    )
    assert len(result.execution_log) == 3
