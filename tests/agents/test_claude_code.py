"""Claude Code's session: a model is reached as the user reaches it, whichever settings the session reads."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
from harness.fake_model import FakeModel

from codegen.agents.claude_code import Final, Order, pursue

ACCOUNT = {"accessToken": "by-login", "refreshToken": "x", "expiresAt": 10**13, "scopes": ["user:inference"]}


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home without an account, in a process without a key."""
    for name in [name for name in os.environ if name.startswith(("ANTHROPIC", "CLAUDE"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (".claude", "work"):
        (tmp_path / name).mkdir()
    return tmp_path


def asked(model: FakeModel, home: Path, monkeypatch: pytest.MonkeyPatch) -> Final:
    """The end of a task in an empty folder."""
    for name, value in model.env(home).items():
        if name not in {"PATH", "HOME", "ANTHROPIC_API_KEY"} and name not in os.environ:
            monkeypatch.setenv(name, value)

    async def end() -> Final:
        steps = [step async for step in pursue(home / "work", Order("hi"), {})]
        assert isinstance(steps[-1], Final)
        return steps[-1]

    return asyncio.run(end())


@pytest.mark.claude
@pytest.mark.parametrize("way", ["helper", "gateway", "login"])
def test_the_users_way_to_a_model_is_taken(way, home, monkeypatch):
    with FakeModel(["hello"]) as model:
        settings: dict[str, object] = {"permissions": {"deny": ["Bash"]}}
        if way == "helper":
            settings |= {"apiKeyHelper": "echo by-helper", "model": "claude-haiku-5-5"}
        elif way == "gateway":
            settings |= {"env": {"ANTHROPIC_AUTH_TOKEN": "by-gateway", "ANTHROPIC_BASE_URL": model.url}}
            monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
        else:
            (home / ".claude" / ".credentials.json").write_text(json.dumps({"claudeAiOauth": ACCOUNT}))
        (home / ".claude" / "settings.json").write_text(json.dumps(settings))
        end = asked(model, home, monkeypatch)
    assert (end.success, end.text) == (True, "hello"), end.why
    (request,) = model.main_requests()
    assert request.headers["authorization"] == f"Bearer by-{way}"
    assert "Bash" in request.tool_names, "nothing else of the user's settings is taken"
    if way == "helper":
        assert request.model == "claude-haiku-5-5"


@pytest.mark.claude
def test_who_has_none_is_told_how_to_get_one(home, monkeypatch):
    with FakeModel(["hello"]) as model:
        end = asked(model, home, monkeypatch)
    assert not end.success
    assert "/login" in end.why
    assert not model.main_requests()
