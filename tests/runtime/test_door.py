"""The door for confined agents: who has the token gets an agent's commands and no more; others get nothing."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator

import pytest
from conftest import CODEGEN, Commands

from codegen.config.door import read_door
from codegen.runtime.proof import AGENT, BROKER, challenge, is_proof, proof
from codegen.runtime.wire import Connection


def knock(place: Commands, command: dict, token: str | None = None) -> list[dict]:
    """Give a command at the door, and get all that comes back."""
    door = read_door(place.root)
    connection = Connection(socket.create_connection(("127.0.0.1", door.port)))
    asked = challenge()
    connection.send({"challenge": asked})
    answer = connection.receive()
    assert is_proof(answer["proof"], door.token, BROKER, asked)
    connection.send({**command, "proof": proof(token or door.token, AGENT, answer["challenge"])})
    messages = []
    while (message := connection.receive()) is not None:
        messages.append(message)
    connection.close()
    return messages


@pytest.fixture
def open_workspace(workspace: Commands) -> Commands:
    workspace("broker", "start")
    return workspace


def test_who_has_not_the_token_is_told_nothing(open_workspace):
    assert knock(open_workspace, {"words": ["run", "-c", "open('data/x', 'w')"]}, token="another") == []
    assert not (open_workspace.root / "data" / "x").exists()


@pytest.mark.parametrize(
    "words",
    [["approve", "last"], ["add", "x", "--", "sh"], ["broker", "stop"], ["init", "."], [], ["ask"]],
)
def test_what_is_a_persons_does_not_come_through(open_workspace, words):
    (message,) = knock(open_workspace, {"words": words})
    assert "is for a person" in message["error"]


def test_a_command_runs_outside_in_its_folder_with_its_input_and_exit_code(open_workspace):
    cwd = str(open_workspace.root / "scripts")
    messages = knock(
        open_workspace, {"words": ["run", "-"], "cwd": cwd, "stdin": "print('gr\u00fcn'); raise SystemExit(1)"}
    )
    assert messages[0] == {"out": "gr\u00fcn\n"}
    assert messages[-1] == {"exit": 1}


def test_an_agent_stays_in_its_workspace_and_in_its_scripts(open_workspace, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    evil = {"command": "touch", "args": [f"{tmp_path}/made"]}
    (other / "mcp.json").write_text(json.dumps({"mcpServers": {"evil": evil}}))
    (tmp_path / "env").write_text("TOKEN=never-shown")
    link = open_workspace.root / "scripts" / "link.py"
    link.symlink_to(tmp_path / "env")
    inside = open_workspace.root / "scripts" / "mcp.json"
    inside.write_text((other / "mcp.json").read_text())
    said = json.dumps(
        [
            knock(open_workspace, {"words": ["sync", "--workspace", str(other)]}),
            knock(open_workspace, {"words": ["sync"], "cwd": str(inside.parent)}),
            knock(open_workspace, {"words": ["sync"], "cwd": str(other)}),
            knock(open_workspace, {"words": ["run", str(tmp_path / "env")]}),
            knock(open_workspace, {"words": ["run", "scripts/link.py"], "cwd": str(open_workspace.root)}),
            knock(open_workspace, {"words": ["plan", "mcp.json"], "cwd": str(open_workspace.root)}),
            knock(open_workspace, {"words": ["skills", "save", "scripts/link.py"], "cwd": str(open_workspace.root)}),
        ]
    )
    assert not (tmp_path / "made").exists()
    assert "never-shown" not in said
    assert said.count("is no script of this workspace") == 4
    for words in (["run", "-c", "1", "--sandbox", "none"], ["runs", "prune"], ["runs", "show", "last", "--clear"]):
        assert knock(open_workspace, {"words": words})[-1] == {"exit": 2}


def test_a_command_ends_when_the_one_who_gave_it_goes_away(open_workspace):
    door = read_door(open_workspace.root)
    connection = Connection(socket.create_connection(("127.0.0.1", door.port)))
    connection.send({"challenge": "x"})
    mine = proof(door.token, AGENT, connection.receive()["challenge"])
    script = "print('here', flush=True)\nwhile True: pass"
    connection.send({"proof": mine, "words": ["run", "-c", script, "--json"]})
    while not json.loads(open_workspace("runs", "--json").stdout)["runs"]:
        pass
    connection.close()
    while json.loads(open_workspace("runs", "--json").stdout)["runs"][0]["state"] == "running":
        pass
    assert json.loads(open_workspace("runs", "--json").stdout)["runs"][0]["state"] == "cancelled"


@pytest.fixture
def proxy() -> Iterator[str]:
    """One that lets every CONNECT through, as Claude Code's does for what its settings name; its URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1)
            host, port = head.split()[1].decode().split(":")
            assert b"Proxy-Authorization: Basic dTpw" in head
            far = socket.create_connection((host, int(port)))
            client.sendall(b"HTTP/1.1 200 Connection Established\r\n\r\n")
            for a, b in ((client, far), (far, client)):
                threading.Thread(target=pump, args=(a, b), daemon=True).start()

    def pump(one: socket.socket, other: socket.socket) -> None:
        try:
            while part := one.recv(65536):
                other.sendall(part)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://u:p@127.0.0.1:{listener.getsockname()[1]}"
    listener.close()


def test_a_confined_command_goes_through_the_proxy_and_says_what_is_missing(open_workspace, proxy):
    door = read_door(open_workspace.root)
    confined = {"SANDBOX_RUNTIME": "1", "HTTP_PROXY": proxy, "PATH": os.environ["PATH"]}

    def give(*words: str, door: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(CODEGEN), *words], cwd=open_workspace.root, env=confined | {"CODEGEN_DOOR": door},
            input=text, capture_output=True, text=True, check=False,
        )  # fmt: skip

    done = give("run", "-", door=door.variable, text="import sys; print('yes'); print('no', file=sys.stderr)")
    assert (done.returncode, done.stdout) == (0, "yes\n")
    assert "no\n" in done.stderr
    assert give("approve", "last", door=door.variable).returncode == 2
    assert "codegen broker start" in give("runs", door=f"{door.address}:forged").stderr
