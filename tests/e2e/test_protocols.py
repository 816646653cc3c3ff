"""Servers of both protocol eras, of the mcp SDK 1.x and 2.x, and one that is awkward in every legal way."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest
from conftest import SERVERS
from e2e.test_sync_faults import until

TEXTS = {".json", ".py", ".md", ".toml", ".log"}


@pytest.mark.servers
def test_a_server_of_sdk_1_syncs_and_answers(workspace, real):
    workspace("add", "old", "--", real("mcp1/bin/python"), str(SERVERS / "legacy_sdk.py"))
    workspace("sync")
    script = """
from servers import ToolError
from servers.old import add, echo, fail
def main():
    try:
        fail(message="on purpose")
    except ToolError as error:
        said = error.message
    return [add(a=2, b=3), echo(text="x", times=3)["text"], said]
"""
    total, text, said = workspace.value(script)
    assert (total, text) == (5, "xxx")
    assert "on purpose" in said


def test_a_server_of_sdk_2_speaks_the_newest_protocol(workspace):
    workspace.add("new", "modern.py")
    workspace("sync")
    assert workspace.value("from servers.new import add, era\ndef main(): return [add(a=2, b=3), era()]") == [
        5,
        "2026-07-28",
    ]


@pytest.mark.parametrize(("transport", "kind", "path"), [("streamable-http", "http", "mcp"), ("sse", "sse", "sse")])
def test_a_server_over_http_gets_its_secret_header(workspace, transport, kind, path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, str(SERVERS / "over_http.py"), transport, str(port)])
    try:
        until(lambda: listens(port))
        address = f"http://127.0.0.1:{port}/{path}"
        workspace("add", "remote", "--url", address, "--type", kind, "--header", "X-Key=${REMOTE_KEY}")
        assert "REMOTE_KEY" in workspace("sync", code=1).stdout
        workspace.environment["REMOTE_KEY"] = "wrong"
        assert "401" in workspace("sync", code=1).stdout
        workspace.environment["REMOTE_KEY"] = "sesame"
        workspace("sync")
        assert workspace.value("from servers.remote import add\ndef main(): return add(a=2, b=3)") == 5
        assert "sesame" not in "".join(path.read_text() for path in workspace.root.rglob("*.*") if path.suffix in TEXTS)
    finally:
        server.kill()
        server.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_every_tool_of_an_awkward_server_is_called_by_name_with_exactly_what_was_given(workspace, tmp_path):
    log = tmp_path / "calls"
    workspace.add("awk-ward", "awkward.py", "--env", f"CALLS_FILE={log}")
    workspace("sync")
    folder = workspace.root / "servers" / "awk_ward"
    catalogue = json.loads((folder / ".catalogue.json").read_text())
    names: dict[str, str] = catalogue["names"]
    assert set(names) == {tool["name"] for tool in catalogue["tools"]}
    assert len({name.casefold() for name in names.values()}) == len(names)

    given = {tool["name"]: {p: sample(p) for p in required(tool)} for tool in catalogue["tools"]}
    calls = "\n".join(
        f"    attempt(servers.awk_ward.{names[name]}, {{{', '.join(f'{p!r}: {v!r}' for p, v in values.items())}}})"
        for name, values in given.items()
        if not values
    )
    script = f"""
import servers.awk_ward
from servers import ToolError
def attempt(tool, values):
    try:
        tool(**values)
    except ToolError:
        pass
def main():
{calls}
    servers.awk_ward.odd_parameters(from_="f", self="s", user_id_2=1, user_id=2, class_="c")
    return len(dir(servers.awk_ward))
"""
    assert workspace.value(script) == len(names)
    called = [json.loads(line) for line in log.read_text().splitlines()]
    # An empty call of root_any_of, which needs one of its variants, is refused before it leaves.
    empty = {name for name, values in given.items() if not values} - {"root_any_of"}
    assert {each["tool"] for each in called} == {*empty, "odd_parameters"}


def required(tool: dict) -> list[str]:
    return tool["inputSchema"].get("required", [])


def sample(parameter: str) -> str:
    return parameter
