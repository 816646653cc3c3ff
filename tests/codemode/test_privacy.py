"""Personal data in codemode: the model sees tokens, functions and the program have the values."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from codemode.scripted import Scripted, run
from harness.fake_model import FakeModel, tool
from pydantic import BaseModel, field_validator
from pydantic_ai import Agent

from codegen import CodeModeResult, codemode, hints

ADA, CARD = "ada@example.com", 4111111111111111


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "mcp.json").write_text('{"mcpServers": {}}')
    (tmp_path / "codegen.toml").write_text('[privacy]\nredact = ["email", "card"]\n')
    return tmp_path


LOOK = """from servers.local import customers

print(customers())
"""
SEND = """from servers.local import send

send(to="Ada <[EMAIL_1]>", card="[CARD_1]")
raise SystemExit("[EMAIL_1] is ada@" + "example.com")
"""


def by_a_function(monkeypatch: Any, given: list[Any], **options: Any) -> tuple[CodeModeResult, str]:
    model = Scripted(run(LOOK), run(SEND), "Sent to [EMAIL_1]; [EMAIL_9] is nobody.")
    result = codemode(given, "Write to Ada", backend=model, **options)
    return result, json.dumps(model.messages)


def by_the_messages_api(monkeypatch: Any, given: list[Any], **options: Any) -> tuple[CodeModeResult, str]:
    turns = [[tool("run", code=LOOK)], [tool("run", code=SEND)], "Sent to [EMAIL_1]; [EMAIL_9] is nobody."]
    monkeypatch.setenv("ANTHROPIC_API_KEY", "dummy")
    with FakeModel(turns) as model:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", model.url)
        result = codemode(given, "Write to Ada", backend="anthropic", model="claude-sonnet-5-5", **options)
    return result, json.dumps([request.body for request in model.main_requests()])


@pytest.mark.parametrize("work", [by_a_function, by_the_messages_api])
def test_the_model_sees_tokens_and_functions_and_the_program_get_values(
    work: Callable[..., tuple[CodeModeResult, str]], place: Path, monkeypatch: pytest.MonkeyPatch
):
    sent: list[tuple[str, str]] = []
    asked: list[Any] = []
    agent = Agent()

    @agent.tool_plain
    def customers() -> list[dict[str, Any]]:
        """All customers."""
        return [{"name": "Ada", "email": ADA, "card": CARD}]

    @hints(destructive=True)
    def send(to: str, card: str) -> None:
        """Write to somebody."""
        sent.append((to, card))

    def approve(call: Any) -> bool:
        asked.append(call.arguments["to"])
        return True

    result, seen = work(monkeypatch, [agent, send, place], approve=approve)
    assert ADA not in seen
    assert str(CARD) not in seen
    assert "[EMAIL_1] is [EMAIL_1]" in seen, "errors are veiled, too"
    assert (sent, asked) == ([(f"Ada <{ADA}>", str(CARD))], [f"Ada <{ADA}>"])
    assert result.output == f"Sent to {ADA}; [EMAIL_9] is nobody."
    assert result.calls[0].answer == [{"name": "Ada", "email": ADA, "card": CARD}]
    assert ADA in result.error, "the program may know why"


class Found(BaseModel):
    email: str
    card: int = 0

    @field_validator("email")
    @classmethod
    def is_complete(cls, value: str) -> str:
        if "@" not in value:
            raise ValueError(f"{value} is no address")
        return value


def test_an_answer_is_read_in_clear_and_what_is_wrong_with_it_is_said_in_tokens(place):
    def customer() -> Any:
        """One of them."""
        return {"email": ADA, "card": CARD}

    def mend(results: list[str]) -> Any:
        assert "[CARD_1] is no address" in results[0]
        return run(script.format("customer()"), final=True)

    script = "from servers.local import customer\n\ndef main():\n    return {}\n"
    model = Scripted(run(script.format("{'email': str(customer()['card'])}"), final=True), mend)
    result = codemode([customer, place], "Which?", backend=model, result_type=Found)
    assert result.output == Found(email=ADA, card=CARD)
    assert ADA not in json.dumps(model.messages)
