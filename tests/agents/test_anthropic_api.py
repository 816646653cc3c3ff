"""The Messages API backend against a server on loopback that follows a script."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from harness.fake_model import FakeModel, error, text, tool

from codegen.agents.anthropic_api import is_available, work
from codegen.agents.task import Answer, Task
from codegen.agents.wanted import Wanted
from codegen.agents.workbench import Ears, Workbench
from codegen.config.paths import Workspace
from codegen.errors import ModelError, UsageError


def done(model: FakeModel, place: Path, ears: Ears | None = None, **limits: Any) -> Answer:
    task = Task("What is there?", Wanted(), model="claude-sonnet-5-5", **limits)
    return asyncio.run(work(task, Workbench(Workspace(place), ears=ears)))


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "dummy")
    monkeypatch.setenv("HOME", str(tmp_path))


def listen(monkeypatch: pytest.MonkeyPatch, model: FakeModel) -> FakeModel:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", model.env("/")["ANTHROPIC_BASE_URL"])
    return model


TURNS = [[text("I look."), tool("describe", names=["shop"])], [text("Nothing is there.")]]


@pytest.mark.parametrize("streamed", [False, True])
def test_the_loop_runs_over_the_api_streamed_or_not(streamed, monkeypatch, tmp_path):
    said: list[str] = []
    with FakeModel(TURNS) as model:
        listen(monkeypatch, model)
        answer = done(model, tmp_path, Ears(say=said.append) if streamed else None)
    assert (answer.output, answer.problem, answer.turns) == ("Nothing is there.", "", 2)
    assert answer.usage.input > 0
    assert answer.usage.output > 0
    assert answer.cost is not None
    assert "".join(said) == ("I look.Nothing is there." if streamed else "")
    first = model.main_requests()[0].body
    assert bool(first.get("stream")) is streamed
    assert [each["name"] for each in first["tools"]] == ["search", "describe", "run"]


def test_every_request_marks_what_the_next_one_reads_from_the_cache(monkeypatch, tmp_path):
    with FakeModel(TURNS) as model:
        listen(monkeypatch, model)
        done(model, tmp_path)
    first, second = (request.body for request in model.main_requests())
    for body in (first, second):
        assert body["system"][-1]["cache_control"] == {"type": "ephemeral"}
        marked = [block for message in body["messages"] for block in message["content"] if "cache_control" in block]
        assert marked == [body["messages"][-1]["content"][-1]]
    assert second["messages"][2]["content"][0]["type"] == "tool_result"


def test_the_limit_of_cost_ends_the_task_and_an_unknown_price_refuses_it(monkeypatch, tmp_path):
    with FakeModel(TURNS) as model:
        listen(monkeypatch, model)
        assert "the limit of $1e-06 was reached" in done(model, tmp_path, max_cost=1e-6).problem
    with FakeModel(TURNS) as model, pytest.raises(UsageError, match="nobody knows"):
        listen(monkeypatch, model)
        task = Task("?", Wanted(), model="nobodys-own", max_cost=1.0)
        asyncio.run(work(task, Workbench(Workspace(tmp_path))))


def test_what_the_api_refuses_is_said(monkeypatch, tmp_path):
    with (
        FakeModel([error(401, "authentication_error", "invalid x-api-key")]) as model,
        pytest.raises(ModelError, match="invalid x-api-key"),
    ):
        listen(monkeypatch, model)
        done(model, tmp_path)
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    with FakeModel(TURNS) as model, pytest.raises(ModelError, match="set ANTHROPIC_API_KEY"):
        listen(monkeypatch, model)
        done(model, tmp_path)


def test_it_is_there_only_with_a_key(monkeypatch):
    assert is_available()
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    assert not is_available()
