"""`codegen serve` in the real Claude Code, offline, by its --mcp-config: in a folder that is no workspace."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import pytest
from conftest import CODEGEN, Commands
from harness.claude_run import Run, run_claude
from harness.fake_model import Request, tool
from server.clients import ERASE, LOOK, TOKEN, over_http

pytestmark = [pytest.mark.claude, pytest.mark.xdist_group("claude code")]

NAMES = ("search", "describe", "run", "save_skill")
CODE = f'"""Look."""\n{LOOK}'
WRITE = """from skills.look import look
from servers.ledger import erase

print(look(key="b"), erase(key="x"))
"""


def use(name: str, /, **given: Any) -> list[dict]:
    return [tool(f"mcp__codegen__{name}", **given)]


def claude(ledger: Commands, tmp_path, script: list, server: dict[str, Any]) -> Run:
    """A session whose only server is ours; a person has allowed its tools, and nobody can be asked."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    allowed = ",".join(f"mcp__codegen__{name}" for name in NAMES)
    words = ["--mcp-config", json.dumps({"mcpServers": {"codegen": server}}), "--allowedTools", allowed]
    given = {"PATH": os.environ["PATH"], "ENABLE_TOOL_SEARCH": "false"}
    return run_claude(script, cwd=folder, home=tmp_path / "claude home", env=given, args=words)


def test_claude_code_finds_runs_saves_and_waits_for_a_person(ledger, written, tmp_path):
    def approved(request: Request) -> list:
        (run,) = re.findall(r"codegen approve (\w+)", request.last_result())
        ledger("approve", run)
        return use("run", resume=run)

    script = [
        use("search", queries=["get a value", "erase"]),
        use("describe", names=["ledger.get"]),
        use("run", code=CODE),
        use("save_skill", code=CODE, name="look"),
        use("run", code=WRITE),
        approved,
        lambda request: "Done: " + request.last_result(),
    ]
    server = {"command": str(CODEGEN), "args": ["serve", "--workspace", str(ledger.root)], "env": ledger.environment}
    run = claude(ledger, tmp_path, script, server)
    assert run.rc == 0, run.stderr
    assert not run.denials
    found, described, ran, saved, waits, resumed = run.tool_results()
    assert [each["is_error"] for each in (found, described, ran, saved, waits, resumed)] == [False] * 4 + [True, False]
    assert "ledger.erase(key: str)" in found["text"]
    assert "def get(" in described["text"]
    assert ran["text"] == '<data>\n"value of a"\n</data>'
    assert "from skills.look import look" in saved["text"]
    assert "in a terminal, in the workspace" in waits["text"]
    assert 'key = "x"' in waits["text"]
    assert "value of b" in run.final
    assert written() == ["erase x"]
    first = run.model.main_requests()[0]
    ours = [name for name in first.tool_names if name.startswith("mcp__")]
    assert sorted(ours) == sorted(f"mcp__codegen__{name}" for name in NAMES), "and none of the servers behind them"
    assert "erase" not in json.dumps(first.body)
    assert "<data> and </data>" in json.dumps(first.body), "the server's instructions"


@pytest.mark.long
def test_over_http_it_needs_the_token_and_says_as_well_what_waits(ledger, written, tmp_path):
    with over_http(ledger) as url:
        server = {"type": "http", "url": url, "headers": {"Authorization": f"Bearer {TOKEN}"}}
        run = claude(ledger, tmp_path, [use("run", code=CODE), use("run", code=ERASE), "done"], server)
    ran, waits = (result["text"] for result in run.tool_results())
    assert "value of a" in ran
    assert "codegen approve" in waits
    assert written() == []
