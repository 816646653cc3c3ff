"""The broker as a process: who starts it, how many there are, when it ends, and what outlives it."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import sys
from pathlib import Path

import pytest
from conftest import Commands
from e2e.test_sync_faults import alive, until

from codegen.runtime.client import PROTOCOL, SOCKET_PATH_LIMIT, socket_path
from codegen.runtime.wire import Connection, encode


def brokers(root: Path) -> list[int]:
    """The broker processes of a workspace."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"codegen.runtime" in words and os.fsencode(root) in words and alive(int(folder.name)):
            found.append(int(folder.name))
    return found


def test_commands_that_start_at_once_get_one_broker(workspace):
    for _ in range(3):
        together = [workspace.start("run", "-c", f"print({number})") for number in range(3)]
        ends = [each.communicate(timeout=60) for each in together]
        assert [out for out, _ in ends] == ["0\n", "1\n", "2\n"], ends
        pid = workspace.broker["pid"]
        until(lambda pid=pid: brokers(workspace.root) == [pid])
        workspace("broker", "stop")
        until(lambda: brokers(workspace.root) == [])


def test_status_and_stop(workspace):
    assert workspace("broker", "status").stdout == "no broker is running\n"
    assert workspace("broker", "stop").stdout == "no broker is running\n"
    assert workspace.broker == {"version": 1, "running": False}
    workspace.run("print(1)")
    status = workspace.broker
    pid = status["pid"]
    assert status["running"] is True
    assert (status["version"], status["runs"], status["servers"], status["idle_stop"]) == (1, 0, [], 900)
    assert f"process {pid}" in workspace("broker", "status").stdout
    path = Path(socket_path(workspace.root))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert workspace("broker", "stop").stdout == f"stopped the broker (process {pid})\n"
    assert not path.exists()
    until(lambda: not alive(pid))


def test_stopping_it_ends_the_runs_that_go_on(workspace):
    run = workspace.start("run", "-c", "import time\nopen('data/on', 'w').close()\ntime.sleep(600)")
    until((workspace.root / "data" / "on").exists)
    workspace("broker", "stop")
    _, errors = run.communicate(timeout=30)
    assert run.returncode == 2
    assert "broker" in errors
    assert "cancelled" in workspace("runs", "-n", "1").stdout


def test_it_ends_itself_when_nobody_needed_it_for_a_while_and_never_during_a_run(workspace):
    (workspace.root / "codegen.toml").write_text("[broker]\nidle_stop = 0.2\n")
    assert workspace.run("import time\ntime.sleep(1.3)\nprint('whole')").stdout == "whole\n"
    pids = brokers(workspace.root)
    until(lambda: not any(alive(pid) for pid in pids))
    assert workspace.run("print('again')").stdout == "again\n"


def test_it_is_started_anew_when_a_file_it_was_opened_from_changes(workspace):
    env_file = Path(workspace.environment["HOME"], ".config", "codegen", "env")
    env_file.parent.mkdir(parents=True)
    changes = {
        workspace.root / "mcp.json": '{"mcpServers": {"absent": {"command": "x"}}}',
        workspace.root / "codegen.toml": "[run]\ntime_limit = 20\n",
        env_file: "KEY=value\n",
    }
    workspace.run("print(1)")
    pids = [workspace.broker["pid"]]
    for file, text in changes.items():
        file.write_text(text)
        workspace.run("print(1)")
        pids.append(workspace.broker["pid"])
    workspace.run("print(1)")
    assert workspace.broker["pid"] == pids[-1]
    assert len(set(pids)) == 4
    until(lambda: brokers(workspace.root) == pids[-1:])


def test_a_run_of_a_broker_that_is_out_of_date_goes_on_undisturbed(counted, workspace):
    script = """
import os, time
from servers.counting import tool_1
tool_1(value=1)
open("data/on", "w").close()
while not os.path.exists("data/go"):
    time.sleep(0.01)
print(tool_1(value=2)["value"])
"""
    (workspace.root / "scripts" / "long.py").write_text(script)
    run = workspace.start("run", "scripts/long.py")
    until((workspace.root / "data" / "on").exists)
    old = workspace.broker["pid"]
    (workspace.root / "codegen.toml").write_text("[run]\ntime_limit = 60\n")
    workspace.run("print(1)")
    assert workspace.broker["pid"] != old
    assert [row["state"] for row in json.loads(workspace("runs", "--json").stdout)["runs"]] == ["succeeded", "running"]
    (workspace.root / "data" / "go").touch()
    assert run.communicate(timeout=30) == ("2\n", "")
    assert {row["state"] for row in json.loads(workspace("runs", "--json").stdout)["runs"]} == {"succeeded"}
    until(lambda: not alive(old))


def test_a_variable_that_was_unset_and_is_now_set_in_the_commands_environment_is_used(workspace):
    program = f"import runpy, sys; sys.path[0] = {str(Path(__file__).parents[1] / 'servers')!r}; import os; "
    program += "os.environ['MY_TOKEN'] == 's3cret' or sys.exit('wrong token'); import counting, jsonrpc; "
    program += "t = [counting.tool('tool_1', 'Echo.')]; jsonrpc.Server('counting', [t], counting.call_tool).run()"
    workspace("add", "locked", "--env", "MY_TOKEN=${MY_TOKEN}", "--", sys.executable, "-c", program)
    workspace.environment["MY_TOKEN"] = "s3cret"
    workspace("sync")
    del workspace.environment["MY_TOKEN"]
    script = "from servers.locked import tool_1\ndef main(): return tool_1(value=5)['value']"
    assert "MY_TOKEN" in workspace.run(script, code=1).stderr
    first = workspace.broker["pid"]
    workspace.environment["MY_TOKEN"] = "s3cret"
    assert workspace.value(script) == 5
    second = workspace.broker["pid"]
    assert second != first
    del workspace.environment["MY_TOKEN"]
    assert workspace.value(script) == 5, "a broker that has it keeps it"
    assert workspace.broker["pid"] == second
    state = b"".join(file.read_bytes() for file in (workspace.root / ".codegen").glob("*") if file.is_file())
    assert b"s3cret" not in state


def test_servers_stay_warm_over_many_runs_and_each_call_is_one_message(counted, workspace):
    script = "from servers.counting import tool_7\ndef main(): return [tool_7(value=n)['value'] for n in range(3)]"
    assert workspace.value(script) == [0, 1, 2]
    first = counted()
    assert first.count("initialize") == 1
    assert first.count("tools/call") == 3
    assert first.count("tools/list") == 1, "its tools are held against the synced ones once a session"
    for _ in range(4):
        workspace.value(script)
    assert counted() == ["tools/call"] * 12
    assert workspace.broker["servers"] == ["counting"]


def test_a_killed_broker_leaves_a_journal_of_what_was_done_and_the_next_marks_its_runs(counted, workspace):
    script = "from servers.counting import tool_1\nimport time\ntool_1(value=5)\n"
    run = workspace.start("run", "-c", script + "open('data/on', 'w').close()\ntime.sleep(600)")
    until((workspace.root / "data" / "on").exists)
    os.kill(workspace.broker["pid"], signal.SIGKILL)
    _, errors = run.communicate(timeout=30)
    assert run.returncode == 2
    assert "went away" in errors
    workspace.run("print(1)")
    rows = json.loads(workspace("runs", "--json").stdout)["runs"]
    assert [row["state"] for row in rows] == ["succeeded", "interrupted"]
    shown = json.loads(workspace("runs", "show", rows[1]["id"][:6], "--json").stdout)
    assert shown["run"]["id"] == rows[1]["id"]
    assert [(call["tool"], call["state"]) for call in shown["calls"]] == [("tool_1", "answered")]


def test_a_workspace_with_a_path_too_long_for_a_socket_works(tmp_path, environment):
    root = tmp_path / ("a long name/" * 12)
    root.mkdir(parents=True)
    environment["TMPDIR"] = str(tmp_path)
    commands = Commands(root, environment)
    commands("init", ".")
    assert len(os.fsencode(root)) > SOCKET_PATH_LIMIT
    try:
        assert commands.run("print(1)").stdout == "1\n"
        (folder,) = tmp_path.glob("codegen-*")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        pid = commands.broker["pid"]
        assert commands.run("print(2)").stdout == "2\n"
        assert commands.broker["pid"] == pid
        folder.chmod(0o755)
        assert "isn't private" in commands.run("print(3)", code=2).stderr
        folder.chmod(0o700)
    finally:
        commands("broker", "stop")


@pytest.mark.parametrize(("file", "text"), [("mcp.json", "{"), ("codegen.toml", "[run]\ntime_limt = 5\n")])
def test_a_broker_that_cannot_start_says_why(workspace, file, text):
    (workspace.root / file).write_text(text)
    done = workspace.run("print(1)", code=2)
    assert file in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_no_command_is_answered_with_an_error_and_harms_nobody(workspace):
    workspace.run("print(1)")
    pid = workspace.broker["pid"]
    for frame in (encode({"dance": True}), encode({"run": 5}), encode({"run": {"source": 5}}), b"\xff" * 100):
        connection = Connection(socket_path(workspace.root))
        connection._socket.sendall(frame)
        answer = connection.receive()
        assert answer is not None
        assert "error" in answer
        connection.close()
    for _ in range(3):
        with socket.socket(socket.AF_UNIX) as rude:
            rude.connect(str(socket_path(workspace.root)))
            rude.sendall(b"\0\0")
    assert workspace.run("print(2)").stdout == "2\n"
    assert workspace.broker["pid"] == pid


def test_a_broker_of_another_protocol_is_replaced(workspace):
    workspace.run("print(1)")
    pid = workspace.broker["pid"]
    connection = Connection(socket_path(workspace.root))
    connection.send({"hello": PROTOCOL + 1})
    assert connection.receive()["stale"] is True
    connection.close()
    until(lambda: not alive(pid))
    assert workspace.run("print(2)").stdout == "2\n"


def test_a_definition_that_was_deleted_is_an_error_in_the_script_and_no_hang(counted, workspace):
    script = """
from servers import ToolError
from servers._client import call
def main():
    try:
        return call("counting", "tool_1", {"value": 1})
    except ToolError as error:
        return error.message
"""
    assert workspace.value(script) == {"tool": "tool_1", "value": 1}
    (workspace.root / "codegen.toml").write_text('[servers.counting]\ntrust = "follow"\n')
    (workspace.root / "servers" / "counting" / ".catalogue.json").unlink()
    assert "not in the tree" in workspace.value(script)
    other = workspace.root / "servers" / "broken"
    other.mkdir()
    (other / ".catalogue.json").write_text("{")
    moved = workspace.root / "servers" / "renamed"
    moved.mkdir()
    (moved / ".catalogue.json").write_text(
        json.dumps({"server": {"name": "counting"}, "tools": [{"name": "tool_1", "inputSchema": {"type": "object"}}]})
    )
    assert workspace.value(script) == {"tool": "tool_1", "value": 1}
