"""What goes wrong in a sync costs what it touches, is said, and leaves nothing half done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import CODEGEN, Commands


def sync(workspace: Commands, *words: str) -> tuple[int, dict[str, dict], dict]:
    """Exit code, the report of each server, and the whole document."""
    done = workspace("sync", "--json", *words, code=None)
    document = json.loads(done.stdout)
    return done.returncode, {each["name"]: each for each in document["servers"]}, document


def test_each_broken_server_costs_only_itself(workspace):
    (workspace.root / "codegen.toml").write_text("[sync]\ntime_limit = 4\n")
    workspace.add("good", "counting.py")
    workspace.add("chatty", "chatty.py")
    workspace.add("broken", "broken_tool.py")
    workspace.add("hangs", "slow.py", "--env", "MUTE=1")
    workspace("add", "absent", "--", "no-such-command-anywhere")
    workspace("add", "quits", "--", sys.executable, "-c", "import sys; sys.exit('no licence')")
    workspace("add", "locked", "--env", "TOKEN=${NOT_SET_ANYWHERE}", "--", sys.executable, "-c", "pass")
    code, servers, _ = sync(workspace)
    assert code == 1
    assert {name for name, each in servers.items() if each["state"] == "synced"} == {"good", "chatty", "broken"}
    said = {
        name: f"{each['problem']['what']} {each['problem']['hint']}"
        for name, each in servers.items()
        if each["problem"]
    }
    assert "no-such-command-anywhere" in said["absent"]
    assert "no licence" in said["quits"]
    assert "NOT_SET_ANYWHERE" in said["locked"]
    assert "4 s" in said["hangs"]
    assert servers["broken"]["tools"] >= 3
    assert servers["broken"]["skipped"]
    assert workspace.value("from servers.chatty import say\ndef main(): return say()") is not None
    assert not (workspace.root / "servers" / "hangs").exists()


def test_a_server_that_dies_later_keeps_its_folder_and_is_marked_stale(workspace):
    workspace.add("counting", "counting.py")
    workspace("sync")
    before = (workspace.root / "servers/counting/tool_1.py").read_bytes()
    workspace("add", "counting", "--replace", "--", sys.executable, "-c", "raise SystemExit(3)")
    done = workspace("sync", code=1)
    assert "stay as they were (stale)" in done.stdout
    assert (workspace.root / "servers/counting/tool_1.py").read_bytes() == before
    assert "stale" in (workspace.root / "servers/README.md").read_text()
    assert "counting.tool_1" in workspace("search", "echo number 1").stdout


def test_new_changed_and_removed_tools_are_named_and_check_shows_a_diff(workspace):
    workspace.add("counting", "counting.py", "--env", "TOOLS=2")
    workspace("sync")
    workspace.add("counting", "counting.py", "--replace", "--env", "TOOLS=3")
    checked = workspace("sync", "--check", code=1)
    assert "+def tool_2(" in checked.stdout
    assert not (workspace.root / "servers/counting/tool_2.py").exists()
    assert sync(workspace)[1]["counting"]["new"] == ["tool_2"]
    workspace.add("counting", "counting.py", "--replace", "--env", "TOOLS=1")
    assert sync(workspace)[1]["counting"]["removed"] == ["tool_1", "tool_2"]
    assert not (workspace.root / "servers/counting/tool_2.py").exists()
    workspace("sync", "--check")


def test_a_removed_server_loses_its_folder_and_nobody_elses_files(workspace):
    workspace.add("one", "counting.py")
    workspace.add("two", "counting.py")
    workspace("sync")
    mine = workspace.root / "servers" / "one" / "mine.txt"
    mine.write_text("kept")
    workspace("remove", "one")
    workspace("remove", "two")
    workspace("sync")
    assert mine.read_text() == "kept"
    assert sorted(path.name for path in mine.parent.iterdir()) == ["mine.txt"]
    assert not (workspace.root / "servers" / "two").exists()


def test_offline_regenerates_every_catalogue_on_disk_whatever_mcp_json_lists(workspace):
    folder = workspace.root / "servers" / "my_server"
    folder.mkdir(parents=True)
    tool = {"name": "say-it", "inputSchema": {"type": "object", "properties": {"user-id": {"type": "string"}}}}
    (folder / ".catalogue.json").write_text(json.dumps({"server": {"name": "my-server"}, "tools": [tool]}))
    workspace("sync", "--offline")
    assert "def say_it(" in (folder / "say_it.py").read_text()
    assert "my_server.say_it(" in workspace("search", "say it").stdout
    assert "nothing to write" in workspace("sync", "--offline").stdout


def test_malformed_json_names_file_line_and_column(workspace):
    (workspace.root / "mcp.json").write_text('{"mcpServers": {\n  "a": {,}\n}}')
    done = workspace("sync", code=2)
    assert "mcp.json:2:9" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_name_given_twice_is_refused_by_name(workspace):
    (workspace.root / "mcp.json").write_text('{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"}}}')
    assert "'a'" in workspace("sync", code=2).stderr.replace('"a"', "'a'").replace("`a`", "'a'").replace(
        "mcpServers.a", "'a'"
    )


def test_no_mcp_json_says_what_to_do(workspace):
    (workspace.root / "mcp.json").unlink()
    assert "codegen add" in workspace("sync", code=2).stderr


def test_no_workspace_says_what_to_do(tmp_path, environment):
    lost = Commands(tmp_path, environment)
    for verb in (["sync"], ["search", "x"], ["run", "-c", "1"]):
        assert "codegen init" in lost(*verb, code=2).stderr


def test_two_syncs_at_once_both_succeed(workspace):
    workspace.add("counting", "counting.py", "--env", "TOOLS=40")
    both = [workspace.start("sync") for _ in range(2)]
    ends = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    workspace("sync", "--check")


def test_a_read_only_servers_folder_is_named_and_keeps_what_it_has(workspace, tmp_path):
    workspace.add("counting", "counting.py", "--env", "TOOLS=1")
    workspace("sync")
    workspace.add("counting", "counting.py", "--replace", "--env", "TOOLS=2")
    done = read_only(workspace.root / "servers", [str(CODEGEN), "sync"], workspace)
    assert done.returncode == 2
    assert "servers" in done.stderr
    assert "Traceback" not in done.stderr
    assert (workspace.root / "servers" / "counting" / "tool_0.py").exists()
    assert "counting.tool_0" in workspace("search", "echo").stdout


def read_only(folder: Path, command: list[str], workspace: Commands) -> subprocess.CompletedProcess[str]:
    """Run a command while a folder can't be written: root needs a mount for that, which only the command sees."""
    given = {"cwd": workspace.root, "env": workspace.environment, "capture_output": True, "text": True}
    if os.geteuid() != 0:
        for path in (folder, *filter(Path.is_dir, folder.rglob("*"))):
            path.chmod(0o555)
        return subprocess.run(command, check=False, **given)
    script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, str(folder), *command], check=False, **given)
    if "unshare:" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no read-only mount can be made here: {done.stderr.strip()}")
    return done


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_sync_that_is_interrupted_leaves_no_process_and_no_file(workspace, tmp_path, number):
    pids = tmp_path / "pids"
    workspace.add("stubborn", "stubborn.py", "--env", f"PIDS={pids}")
    workspace.add("hangs", "slow.py")
    process = workspace.start("sync")
    until(pids.exists)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 130
    until(lambda: not any(alive(int(pid)) for pid in pids.read_text().split()))
    left = (
        [path.name for path in (workspace.root / "servers").rglob("*")] if (workspace.root / "servers").exists() else []
    )
    assert left == []


def test_watch_syncs_when_mcp_json_and_when_a_servers_tools_change(workspace, tmp_path):
    tools = tmp_path / "tools"
    tools.write_text("first")
    workspace.add("followed", "followed.py", "--env", f"TOOLS_FILE={tools}")
    watch = workspace.start("sync", "--watch")
    folder = workspace.root / "servers"
    try:
        until((folder / "followed" / "first.py").exists)
        workspace.add("counting", "counting.py")
        until((folder / "counting" / "tool_0.py").exists)
        # Written again and again: the watch hears only of changes that come after it began to listen.
        until(lambda: tools.write_text("first second") and (folder / "followed" / "second.py").exists())
    finally:
        os.killpg(watch.pid, signal.SIGINT)
        watch.communicate(timeout=30)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(happened, limit: float = 30.0) -> None:
    """Wait for something that another process does; the limit only ends a test that fails."""
    end = time.monotonic() + limit
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)
