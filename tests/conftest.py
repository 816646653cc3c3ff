"""What every test may use: the command line as a user has it, in a workspace of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("same everywhere", derandomize=True, deadline=None, database=None)
settings.load_profile("same everywhere")

# Journals made within a test's own process have their key there, not in the tester's home.
STATE = tempfile.TemporaryDirectory(prefix="codegen-state-", ignore_cleanup_errors=True)
os.environ["XDG_STATE_HOME"] = STATE.name

ROOT = Path(__file__).resolve().parent.parent
SERVERS = ROOT / "tests" / "servers"
CODEGEN = Path(sys.executable).with_name("codegen")


class Commands:
    """`codegen` in one workspace; each call is a process of its own."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root = root
        self.environment = environment

    def __call__(self, *words: str, stdin: str | None = None, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run a command; `code` is the exit code it must have, None for any."""
        done = subprocess.run(
            [str(CODEGEN), *words],
            cwd=self.root, env=self.environment, input=stdin, capture_output=True, text=True, check=False, timeout=150,
        )  # fmt: skip
        assert code is None or done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def run(self, source: str, *words: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        return self("run", "-", *words, stdin=source, code=code)

    def value(self, source: str) -> object:
        """What a script's main() returns."""
        return json.loads(self("run", "-", "--json", stdin=source).stdout)["output"]

    def add(self, name: str, server: str, *words: str) -> None:
        """Add one of tests/servers."""
        self("add", name, *words, "--", sys.executable, str(SERVERS / server))

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A command that goes on while the test does something else. Ctrl-C reaches it, whoever started the tests."""
        return subprocess.Popen(
            [str(CODEGEN), *words],
            cwd=self.root, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )  # fmt: skip

    @property
    def broker(self) -> dict[str, object]:
        status: dict[str, object] = json.loads(self("broker", "status", "--json").stdout)
        return status


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A user's environment with a home of its own and nothing of this machine's accounts."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC", "CLAUDE", "CODEGEN"))
    }
    home = tmp_path / "home"
    home.mkdir()
    return kept | {"HOME": str(home), "PATH": f"{CODEGEN.parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture
def workspace(tmp_path: Path, environment: dict[str, str]) -> Iterator[Commands]:
    """A workspace as `codegen init` makes it, in a folder whose name has spaces; its broker ends with the test."""
    root = tmp_path / "my work space"
    root.mkdir()
    commands = Commands(root, environment)
    commands("init", ".")
    yield commands
    commands("broker", "stop", code=None)


@pytest.fixture(scope="session")
def synced_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the bundled shop, synced once, to copy."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "home").mkdir()
    commands = Commands(folder, {**os.environ, "HOME": str(folder / "home")})
    commands("init", "work")
    commands.root = folder / "work"
    commands("add", "shop", "--", sys.executable, "-m", "codegen.demo")
    commands("sync")
    commands("broker", "stop", code=None)
    return commands.root


@pytest.fixture
def shop(synced_shop: Path, workspace: Commands) -> Commands:
    """A workspace with the bundled shop, synced."""
    shutil.copytree(synced_shop, workspace.root, symlinks=True, dirs_exist_ok=True)
    return workspace


@pytest.fixture(scope="session")
def synced_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the servers `ledger` and `dying`, synced once, to copy: what `ledger` writes is in $LEDGER."""
    folder = tmp_path_factory.mktemp("ledger")
    (folder / "home").mkdir()
    commands = Commands(folder, {**os.environ, "HOME": str(folder / "home"), "LEDGER": str(folder / "ledger")})
    commands("init", "work")
    commands.root = folder / "work"
    commands("add", "ledger", "--env", "LEDGER=${LEDGER}", "--", sys.executable, str(SERVERS / "ledger.py"))
    commands.add("dying", "dying.py")
    commands("sync")
    commands("broker", "stop", code=None)
    return commands.root


@pytest.fixture
def ledger(synced_ledger: Path, tmp_path: Path, environment: dict[str, str]) -> Iterator[Commands]:
    """A workspace whose server's writes can be counted: `written` gives them."""
    root = tmp_path / "my work space"
    shutil.copytree(synced_ledger, root, symlinks=True)
    commands = Commands(root, {**environment, "LEDGER": str(tmp_path / "ledger")})
    yield commands
    commands("broker", "stop", code=None)


@pytest.fixture
def written(tmp_path: Path) -> Callable[[], list[str]]:
    """The writes that the server of `ledger` has applied."""

    def lines() -> list[str]:
        file = tmp_path / "ledger"
        return file.read_text().splitlines() if file.exists() else []

    return lines


@pytest.fixture
def counted(workspace: Commands, tmp_path: Path) -> Callable[[], list[str]]:
    """A workspace with the counting server, synced; gives the methods of the messages since the last look."""
    log = tmp_path / "messages"
    workspace.add("counting", "counting.py", "--env", f"COUNT_FILE={log}", "--env", "TOOLS=50", "--env", "DELAY_MS=0")
    workspace("sync")

    def messages() -> list[str]:
        lines = log.read_text().split() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines

    messages()
    return messages
