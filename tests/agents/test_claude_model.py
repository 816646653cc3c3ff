"""The real Claude Code as the backend, offline, with a model that follows a script."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from harness.fake_model import FakeModel, text, tool

from codegen import codemode

SCRIPT = """\
from servers.local import get_weather


def main() -> float:
    return get_weather(city="Oslo")
"""


@pytest.mark.claude
@pytest.mark.parametrize("final", [False, True])
def test_claude_code_works_with_the_programs_functions_and_nothing_else(final, monkeypatch, tmp_path: Path):
    def get_weather(city: str) -> float:
        """The weather of a city now."""
        return {"Oslo": 9.0}[city]

    for name in [name for name in os.environ if name.startswith(("ANTHROPIC", "CLAUDE"))]:
        monkeypatch.delenv(name)
    turns = [
        [text("I look."), tool("mcp__codegen__search", queries=["weather"])],
        [tool("mcp__codegen__run", code=SCRIPT, final=final)],
        [text("It is 9 degrees.")],
    ]
    with FakeModel(turns) as model:
        for name, value in model.env(str(tmp_path)).items():
            if name != "PATH":
                monkeypatch.setenv(name, value)
        said: list[str] = []
        result = codemode(get_weather, "How warm is Oslo?", backend="claude-code", result_type=float, say=said.append)
        asked = model.main_requests()
    assert (result.output, result.success) == (9.0, True), result.error
    assert [entry.kind for entry in result.execution_log] == ["say", "search", "run", "call"] + ["say"] * (not final)
    assert said == ["I look."] + ["It is 9 degrees."] * (not final)
    own = {f"mcp__codegen__{name}" for name in ("search", "describe", "run")}
    assert own == {name for name in asked[0].tool_names if name not in asked[0].deferred_tools}
    assert "The weather of a city" not in asked[0].system_text
