"""`codegen doctor` tells what a run would get, and what is in its way; on machines with less, that it gets less."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CODEGEN, ROOT, Commands

from codegen.sandbox.choose import known

LESSER_MACHINE = str(ROOT / "tests" / "sandbox" / "lesser_machine.py")


def on_a_lesser_machine(place: Commands, denied: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A command where these are denied; its broker, which inherits that, must not be running already."""
    return subprocess.run(
        [sys.executable, LESSER_MACHINE, denied, str(CODEGEN), *words],
        cwd=place.root, env=place.environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def document(place: Commands, *words: str, code: int = 0) -> dict:
    """Without starting a server, for what isn't about them."""
    return dict(json.loads(place("doctor", "--json", "--offline", *words, code=code).stdout))


def test_every_sandbox_is_listed_and_the_one_that_a_run_gets_is_marked(workspace):
    found = document(workspace)
    assert found["version"] == 1
    assert [one["name"] for one in found["sandboxes"]] == [*known()]
    (chosen,) = [one["name"] for one in found["sandboxes"] if one["chosen"]]
    assert json.loads(workspace("run", "-c", "print(1)", "--json").stdout)["sandbox"].startswith(chosen)
    shown = workspace("doctor", "--all").stdout.splitlines()
    assert [name for name in known() if any(name in line[:24].split() for line in shown)] == [*known()]
    assert sum(": a run gets it" in line for line in shown) == 1


def test_each_server_is_started_and_says_whether_it_answers(workspace):
    workspace.add("counting", "counting.py")
    workspace("add", "greeter", "--", "echo", "hi")
    done = workspace("doctor")
    first, second, *_ = done.stdout.splitlines()
    assert ": a run gets it" in first
    assert second.startswith("python ") or "weaker" in first
    assert re.search(r"\nservers +counting: 4 tools in \d+\.\d s\n +! server 'greeter' could not be", done.stdout)
    assert 'it printed "hi" on stdout' in done.stdout
    assert not (workspace.root / "servers" / "counting").exists()
    answers = json.loads(workspace("doctor", "--json").stdout)["workspace"]["answers"]
    assert [(each["server"], each["tools"], bool(each["problem"])) for each in answers] == [
        ("counting", 4, False), ("greeter", 0, True),
    ]  # fmt: skip


def test_servers_that_are_not_synced_and_variables_that_are_not_set_are_named_but_no_value(workspace):
    workspace.environment["GIVEN_TOKEN"] = "a-secret-value"
    both = ("--env", "TOKEN=${GIVEN_TOKEN}", "--env", "OTHER=${MISSING_TOKEN}", "--env", "THIRD=${DEFAULTED:-x}")
    workspace("add", "shop", *both, "--", sys.executable, "-m", "codegen.demo")
    found = document(workspace)
    assert found["workspace"]["servers"] == found["workspace"]["not_synced"] == ["shop"]
    assert found["workspace"]["answers"] is None
    assert found["unset"] == ["MISSING_TOKEN"]
    shown = workspace("doctor", "--offline").stdout
    assert "not synced: shop (codegen sync)" in shown
    assert "MISSING_TOKEN" in shown
    assert "a-secret-value" not in shown + json.dumps(found)


def test_the_broker_is_found_and_none_is_started(workspace):
    assert document(workspace)["broker"] == {"running": False}
    workspace("run", "-c", "print(1)")
    assert document(workspace)["broker"]["pid"] == workspace.broker["pid"]


def test_it_works_without_a_workspace_and_says_what_is_wrong_with_one(workspace, tmp_path):
    elsewhere = Commands(tmp_path, workspace.environment)
    assert document(elsewhere)["workspace"] is None
    assert "codegen init ." in elsewhere("doctor").stdout
    (workspace.root / "mcp.json").write_text("{")
    assert "mcp.json" in document(workspace)["workspace"]["problems"][0]
    assert "! " in workspace("doctor").stdout


def test_a_sandbox_that_was_pinned_and_is_none_is_refused(workspace):
    (workspace.root / "codegen.toml").write_text('[sandbox]\nbackend = "none"\n')
    assert [one["name"] for one in document(workspace)["sandboxes"] if one["chosen"]] == ["none"]
    (workspace.root / "codegen.toml").write_text('[sandbox]\nbackend = "nativ"\n')
    assert not any(one["chosen"] for one in document(workspace, code=5)["sandboxes"])
    assert "codegen.toml wants 'nativ', unknown" in workspace("doctor", code=5).stdout


@pytest.fixture
def machine_with_namespaces(workspace):
    if document(workspace)["sandboxes"][0]["weaker"]:
        pytest.skip("this machine is a lesser one itself")


def test_where_no_namespace_can_be_had_a_run_succeeds_and_says_what_is_weaker(shop, machine_with_namespaces):
    shop("broker", "stop")
    script = "from servers.shop import get_stock\nprint(get_stock(sku='LI-101')['sku'])"
    done = on_a_lesser_machine(shop, "namespaces", "run", "-c", script)
    assert (done.returncode, done.stdout) == (0, "LI-101\n"), done.stderr
    assert "! sandbox native (weaker): scripts can see that files" in done.stderr
    envelope = json.loads(on_a_lesser_machine(shop, "namespaces", "run", "-c", script, "--json").stdout)
    assert envelope["success"]
    assert envelope["sandbox"] == "native (weaker)"
    assert len(envelope["weaker"]) >= 2
    told = on_a_lesser_machine(shop, "namespaces", "doctor", "--offline")
    assert told.returncode == 0
    assert "weaker here: a run gets it (no namespaces: Operation not permitted (unshare))" in told.stdout


def test_what_a_whole_sandbox_gives_is_not_called_weaker(shop, machine_with_namespaces):
    done = shop("run", "-c", "print(1)", "--json")
    assert json.loads(done.stdout)["weaker"] == []
    assert "!" not in shop("run", "-c", "print(1)").stderr


def test_where_landlock_is_denied_too_nothing_is_run_and_what_mends_it_is_said(workspace, machine_with_namespaces):
    mark = Path(workspace.root, "data", "ran")
    done = on_a_lesser_machine(workspace, "namespaces,landlock", "run", "-c", "open('data/ran', 'w')")
    assert done.returncode == 5
    assert not mark.exists()
    assert "no sandbox works here, nothing was run (native: Operation not permitted (unshare); Landlock" in done.stderr
    assert done.stderr.splitlines()[1].startswith(("  sudo ", "  docker run ", "  `codegen doctor` says"))
    told = on_a_lesser_machine(workspace, "namespaces,landlock", "doctor")
    assert told.returncode == 5
    assert "a run would be refused" in told.stdout
