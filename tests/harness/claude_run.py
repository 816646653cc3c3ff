"""Drive the real Claude Code CLI (or claude_agent_sdk) against FakeModel."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.fake_model import FakeModel


def find_claude() -> str:
    """$CODEGEN_CLAUDE, else the binary bundled in the claude-agent-sdk wheel, else PATH."""
    p = os.environ.get("CODEGEN_CLAUDE")
    if p:
        return p
    try:
        import claude_agent_sdk

        p = Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"
        if p.exists():
            return str(p)
    except ImportError:
        pass
    import shutil

    p = shutil.which("claude")
    if not p:
        raise FileNotFoundError("no Claude Code CLI")
    return p


@dataclass
class Run:
    rc: int
    events: list[dict]
    stderr: str
    seconds: float
    model: FakeModel
    raw: str = ""

    @property
    def init(self) -> dict:
        return next((e for e in self.events if e.get("type") == "system" and e.get("subtype") == "init"), {})

    @property
    def result(self) -> dict:
        return next((e for e in reversed(self.events) if e.get("type") == "result"), {})

    @property
    def final(self) -> str:
        return self.result.get("result", "")

    @property
    def denials(self) -> list[dict]:
        return [e for e in self.events if e.get("subtype") == "permission_denied"]

    def tool_results(self) -> list[dict]:
        mr = self.model.main_requests()
        return mr[-1].tool_results() if mr else []


def run_claude(
    script, *, cwd, home, prompt="go", args=(), env=None, timeout=120, record=None, model_kw=None, unset=(), wrap=()
) -> Run:
    t = time.time()
    # Its own folder: the CLI keeps --settings there by their hash, and the first to end takes them from the others.
    with FakeModel(script, record=record, **(model_kw or {})) as m, TemporaryDirectory(prefix="cc-") as own:
        e = m.env(home, **{"CLAUDE_CODE_TMPDIR": own, **(env or {})})
        for k in unset:
            e.pop(k, None)
        p = subprocess.run(
            [*wrap, find_claude(), "-p", prompt, "--output-format", "stream-json", "--verbose", *args],
            cwd=cwd,
            env=e,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    ev = []
    for line in p.stdout.splitlines():
        with contextlib.suppress(ValueError):
            ev.append(json.loads(line))
    return Run(p.returncode, ev, p.stderr, time.time() - t, m, p.stdout)
