"""The programs of README.md and docs/library.md, word for word: a key is set, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import pytest
from conftest import CODEGEN, ROOT
from harness.fake_model import FakeModel, tool

WARMER = """from servers.local import get_weather

def main() -> str:
    return max(("Paris", "Oslo"), key=lambda city: get_weather(city=city)["celsius"])
"""
ROOMS = """from servers import ToolError, gather
from servers.local import analyze, search_documents

def main():
    documents = search_documents(word="Blueprint")
    failures = {}

    def rooms(document):
        try:
            return analyze(document=document)["rooms"]
        except ToolError as error:
            failures[str(document["id"])] = error.message
            return 0

    total = sum(gather(*(lambda d=d: rooms(d) for d in documents)))
    return {"documents": len(documents), "rooms": total, "failures": failures}
"""


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeModel]:
    """A model that writes the script for what it is asked, behind a key; Claude Code isn't there."""

    def answer(request: Any) -> Any:
        if results := request.tool_results():
            return results[-1]["text"].removeprefix("<data>\n").removesuffix("\n</data>")
        return [tool("run", code=WARMER if "warmer" in request.user_text else ROOMS)]

    monkeypatch.setenv("PATH", f"{CODEGEN.parent}:/usr/bin:/bin")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "dummy")
    monkeypatch.delenv("ANTHROPIC_MODEL", raising=False)
    with FakeModel(answer) as scripted:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", scripted.url)
        yield scripted


def programs() -> list[str]:
    readme = re.search(
        r"^    from codegen import codemode\n(?:    .*\n)+", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    assert readme
    library = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "library.md").read_text(), re.DOTALL)
    return [dedent(readme[0]), *library]


def test_they_do_what_they_say(model, capsys):
    five_lines, weather, blueprints, backend = programs()
    said = {}
    for source in (five_lines, weather, blueprints):
        exec(source, {"__name__": "program"})
        said[source] = capsys.readouterr().out.strip()
    assert (said[five_lines], said[weather]) == ('"Paris"', "Paris")
    rooms = sum(number % 7 for number in range(50) if number not in {7, 11})
    assert f'"documents": 50, "rooms": {rooms}, ' in said[blueprints]
    assert said[blueprints].count("ValueError: the page is torn") == 2
    assert len(model.main_requests()) == 6, "two for each: a script, and the answer"

    its: dict[str, Any] = {"__name__": "program"}
    exec(backend, its)
    exec(weather.replace("result_type=str", "backend=model"), its)
    assert "{'celsius': 9.0}" in capsys.readouterr().out
