"""Tokens of what the real Claude Code sends: tools connected directly, with tool search and without, and a workspace.

    python benchmarks/claude_tokens.py [13 100 500]

No network: a scripted model on loopback answers, and what the CLI sent to it is counted (o200k). The task is the same:
two tools are found, both are called, and the answer is given. `first` is the whole first request: system prompt, tools
that aren't deferred, messages. `turns` are the requests it takes, `all` the sum of what all of them carry, `each turn`
what one adds on average. The last way is what `codegen ask` does: Claude Code has the tools that it needs there, and
no others.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bpe_openai import get_encoding
from measure import ROOT, table

from codegen.agents.claude_code import TOOLS

sys.path.insert(0, str(ROOT / "tests"))

from harness.claude_run import run_claude
from harness.fake_model import Request, tool

SIZES = (13, 100, 500)
SERVER = ROOT / "tests" / "servers" / "many_tools.py"
CODEGEN = Path(sys.executable).with_name("codegen")
NAMES = ("calendar_list_000", "crm_list_001")
ENCODING = get_encoding("o200k_base")

SCRIPT = """from servers.many import calendar_list_000, crm_list_001

def main() -> list[str]:
    return [calendar_list_000(id="a"), crm_list_001(id="b")]
"""


def tokens(request: Request) -> int:
    """Of what the model reads: deferred tools don't count, as they are only named."""
    eager = [each for each in request.tools if not each.get("defer_loading")]
    parts = (request.system_text, json.dumps(eager), json.dumps(request.messages))
    return sum(len(ENCODING.encode(part)) for part in parts)


def calls() -> list[dict]:
    return [tool(f"mcp__many__{name}", id=letter) for name, letter in zip(NAMES, "ab", strict=True)]


def direct(folder: Path, size: int, *, search: bool) -> list[Request]:
    """The server in --mcp-config; with tool search, the CLI's default, the two tools are looked up first."""
    config = folder / "config.json"
    server = {"command": sys.executable, "args": [str(SERVER), str(size)]}
    config.write_text(json.dumps({"mcpServers": {"many": server}}))
    wanted = ",".join(f"mcp__many__{name}" for name in NAMES)
    look = [[tool("ToolSearch", query=f"select:{wanted}", max_results=5)]] if search else []
    return session(
        [*look, calls(), "done"], folder, {"ENABLE_TOOL_SEARCH": "true" if search else "false"},
        "--mcp-config", str(config), "--allowedTools", wanted,
    )  # fmt: skip


def workspace(folder: Path, size: int, *words: str) -> list[Request]:
    """codegen's: one search for both, one script, one run; `words` are added to claude's command line."""
    codegen(folder, "init", ".")
    codegen(folder, "add", "many", "--", sys.executable, str(SERVER), str(size))
    codegen(folder, "sync")
    script = folder / "scripts" / "both.py"
    try:
        return session(
            [
                [tool("Bash", command='codegen search "list calendar" "list crm" -k 2', description="search")],
                [tool("Write", file_path=str(script), content=SCRIPT)],
                [tool("Bash", command="codegen run scripts/both.py", description="run")],
                "done",
            ],
            folder,
            {"PATH": f"{CODEGEN.parent}{os.pathsep}{os.environ['PATH']}"},
            "--settings",
            '{"sandbox": {"enabled": false}}',
            *words,
        )
    finally:
        codegen(folder, "broker", "stop")


def codegen(folder: Path, *words: str) -> None:
    subprocess.run([str(CODEGEN), *words], cwd=folder, check=True, capture_output=True)


def session(script: list, folder: Path, environment: dict[str, str], *words: str) -> list[Request]:
    with tempfile.TemporaryDirectory(prefix="codegen-home-") as home:
        run = run_claude(script, cwd=folder, home=home, env=environment, args=words)
    failed = [result for result in run.tool_results() if result["is_error"]]
    if run.rc or failed:
        raise SystemExit(f"the session failed: {run.stderr or failed}")
    return run.model.main_requests()


def rows(size: int) -> Iterator[tuple[str, ...]]:
    ways = {
        "direct, tool search (default)": lambda folder: direct(folder, size, search=True),
        "direct, no tool search": lambda folder: direct(folder, size, search=False),
        "codegen workspace": lambda folder: workspace(folder, size),
        "codegen workspace, 5 of its tools": lambda folder: workspace(folder, size, "--tools", ",".join(TOOLS)),
    }
    for name, way in ways.items():
        with tempfile.TemporaryDirectory(prefix="codegen-claude-") as folder:
            counts = [tokens(request) for request in way(Path(folder).resolve())]
        each = (counts[-1] - counts[0]) // (len(counts) - 1)
        yield (str(size), name, f"{counts[0]:,}", str(len(counts)), f"{each:,}", f"{sum(counts):,}")


def main(sizes: list[int]) -> None:
    head = ("tools", "way", "first", "turns", "each turn", "all")
    table("tokens that Claude Code sent", [head, *(row for size in sizes for row in rows(size))])


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or list(SIZES))
