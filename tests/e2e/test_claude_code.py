"""The real Claude Code CLI, offline, in a workspace that nobody has trusted: no prompt, no definitions, no secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from harness.claude_run import find_claude, run_claude
from harness.fake_model import text, tool

pytestmark = pytest.mark.claude

SECRET = "hunter2-of-the-shop"
SCRIPT = '''"""Stock of the cheapest light."""
from typing import Literal

from servers.shop import get_stock, search_products


def main(category: Literal["lighting", "garden"] = "lighting") -> str:
    """Say how many of the cheapest product of a category are available."""
    cheapest = min(search_products(category=category), key=lambda p: p["price"]["amount"])
    return f"{cheapest['sku']}: {get_stock(sku=cheapest['sku'])['available']}"
'''
NEXT = """from skills.cheapest import cheapest


def main() -> list[str]:
    return [cheapest(), cheapest(category="garden")]
"""


PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def bash(command: str) -> dict:
    return tool("Bash", command=command, description="step")


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """Freshly made, with the shop behind a secret, and synced."""
    monkeypatch.setenv("SHOP_TOKEN", SECRET)
    root = tmp_path / "work space"
    codegen("init", str(root))
    codegen("add", "shop", "--env", "SHOP_TOKEN=${SHOP_TOKEN}", "--", sys.executable, "-m", "codegen.demo", at=root)
    codegen("sync", at=root)
    codegen("run", "-c", "from servers.shop import shop_info; print(shop_info()['name'])", at=root)
    yield root
    codegen("broker", "stop", at=root)


def codegen(*words: str, at: Path | None = None) -> str:
    command = [str(Path(sys.executable).with_name("codegen")), *words]
    return subprocess.run(command, cwd=at, check=True, capture_output=True, text=True).stdout


def test_claude_code_browses_searches_writes_runs_saves_and_reuses_without_a_prompt(workspace, tmp_path):
    find_claude()
    script, following = workspace / "scripts" / "x.py", workspace / "scripts" / "y.py"
    run = run_claude(
        [
            [text("Looking."), bash("ls servers/")],
            [bash('codegen search "find products" "stock of a product"')],
            [bash("codegen describe shop.get_stock | head -40")],
            [tool("Read", file_path=str(workspace / "servers/shop/search_products.py"))],
            [tool("Write", file_path=str(script), content=SCRIPT)],
            [bash("codegen run scripts/x.py")],
            [bash("codegen skills save scripts/x.py --name cheapest")],
            [bash("cd scripts && codegen search cheapest -k 1")],
            [tool("Write", file_path=str(following), content=NEXT)],
            [bash("codegen run y.py")],
            lambda request: "The answer is " + request.last_result(),
        ],
        cwd=workspace,
        home=tmp_path / "home",
        env={"PATH": PATH},
    )
    results = [result["text"] for result in run.tool_results()]
    assert run.rc == 0, run.stderr
    assert not run.denials
    assert not [result for result in run.tool_results() if result["is_error"]]
    assert "shop" in results[0]
    assert "shop.get_stock(sku: str)" in results[1]
    assert "class Stock(TypedDict)" in results[2]
    assert results[5].startswith('"')
    assert "created skill cheapest" in results[6]
    assert "skills.cheapest(" in results[7]
    assert run.final == "The answer is " + results[-1]
    assert len(json.loads(results[-1])) == 2

    first = run.model.main_requests()[0]
    assert "Working here" in first.user_text, "AGENTS.md is read through CLAUDE.md"
    assert not [name for name in first.tool_names + first.deferred_tools if "shop" in name or name.startswith("mcp__")]
    bodies = [json.dumps(request.body) for request in run.model.requests]
    assert not [body for body in bodies if SECRET in body]
    assert not any("Customers, orders, stock and messages" in body for body in bodies[:1]), "no server's text uninvited"


@pytest.mark.parametrize(
    "command",
    [
        "codegen run --sandbox none -c 'print(1)'",
        "codegen run -c 'print(1)' --sandbox=none",
        "codegen add evil -- sh -c true",
        "codegen broker stop",
    ],
)
def test_what_leads_out_of_the_sandbox_is_not_allowed_unasked(workspace, tmp_path, command):
    run = run_claude([[bash(command)], "done"], cwd=workspace, home=tmp_path / "home", env={"PATH": PATH})
    (result,) = run.tool_results()
    assert result["is_error"], result["text"]
    assert "evil" not in (workspace / "mcp.json").read_text()
