"""Reading and changing mcp.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codegen.config.mcp_json import HttpServer, StdioServer, add_server, load_servers, remove_server
from codegen.errors import ConfigError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mcp.json"


def entry(path: Path, **keys: object) -> None:
    path.write_text(json.dumps({"mcpServers": {"x": keys}}))


def test_servers_of_all_kinds_are_read_in_order_with_their_templates(path: Path) -> None:
    servers = {
        "files": {"command": "npx", "args": ["-y", "${PKG:-fs}", 80], "env": {"A": "${A}", "DEBUG": True}, "x": 1},
        "far": {"type": "http", "url": "https://x/${V}", "headers": {"Authorization": "Bearer ${TOKEN}"}},
        "camel": {"type": "streamableHttp", "url": "https://y"},
        "dashed": {"type": "streamable-http", "url": "https://y"},
        "old": {"type": "sse", "url": "https://z"},
        "guessed": {"url": "https://z/sse/"},
        "off": {"command": "x", "disabled": True},
    }
    path.write_text(json.dumps({"$schema": "s", "mcpServers": servers}))
    read, problems = load_servers(path)
    folder = path.parent
    assert read == (
        StdioServer("files", "npx", ("-y", "${PKG:-fs}", "80"), {"A": "${A}", "DEBUG": "true"}, folder),
        HttpServer("far", "https://x/${V}", {"Authorization": "Bearer ${TOKEN}"}),
        HttpServer("camel", "https://y"),
        HttpServer("dashed", "https://y"),
        HttpServer("old", "https://z", transport="sse"),
        HttpServer("guessed", "https://z/sse/", transport="sse"),
    )
    assert problems == ()


@pytest.mark.parametrize(
    ("given", "expected"),
    [("sub/../there", "there"), ("/opt", "/opt"), (None, "."), ("${HOME}/x", "${HOME}/x"), ("~/x", "~/x")],
)
def test_a_folder_is_meant_from_the_one_of_mcp_json(path: Path, given: str | None, expected: str) -> None:
    entry(path, command="x", cwd=given)
    ((server,), _) = load_servers(path)
    assert isinstance(server, StdioServer)
    wanted = Path(expected) if expected.startswith("$") else path.parent / Path(expected).expanduser()
    assert server.cwd == wanted


def test_no_servers_are_fine(path: Path) -> None:
    path.write_text('\ufeff{"mcpServers": {}}')
    assert load_servers(path) == ((), ())


@pytest.mark.parametrize(
    ("keys", "what", "hint"),
    [
        ({}, "has neither `command` nor `url`", "expected one of them"),
        ({"comand": "x"}, "has neither `command` nor `url`", "did you mean command?"),
        ({"command": 5}, "`command` is a number", "expected a text"),
        ({"command": ""}, "`command` is empty", "expected a text"),
        ({"command": "x", "args": "-y"}, "`args` is a text", "expected a list of texts"),
        ({"command": "x", "args": [[]]}, "`args[0]` is a list", "expected a text"),
        ({"command": "x", "env": ["A=1"]}, "`env` is a list", "expected an object: name to text"),
        ({"command": "x", "env": {"A": None}}, "`env.A` is null", "expected a text"),
        ({"command": "x", "cwd": 1}, "`cwd` is a number", "expected a text"),
        ({"type": "http", "command": "x"}, "`url` is missing", "expected a text"),
        ({"type": "htp", "url": "x"}, "`type` is 'htp'", 'expected "stdio", "http" or "sse" did you mean http?'),
        ({"type": 1, "url": "x"}, "`type` is a number", 'expected "stdio", "http" or "sse"'),
        ({"url": "x", "headers": {"A": {}}}, "`headers.A` is an object", "expected a text"),
    ],
)
def test_one_broken_entry_is_a_problem_and_the_rest_goes_on(
    path: Path, keys: dict[str, object], what: str, hint: str
) -> None:
    path.write_text(json.dumps({"mcpServers": {"bad": keys, "good": {"command": "x"}}}))
    servers, problems = load_servers(path)
    assert [server.name for server in servers] == ["good"]
    assert [(p.where, p.what, p.hint) for p in problems] == [("mcp.json, line 1: mcpServers.bad", what, hint)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{\n "mcpServers": {\n  "a": {"command": "x",}\n }}', r"mcp\.json:3:2\d: not JSON"),
        ("", r"mcp\.json:1:1: not JSON"),
        ("[]", "is a list"),
        ('{"mcp_servers": {}}', "has no `mcpServers`"),
        ('{"mcpServers": []}', "`mcpServers` is a list"),
        ('{"mcpServers": {"a": {}, "b": {}, "a": {}}}', "the server 'a' is written twice"),
        ('{"mcpServers": {}, "mcpServers": {}}', "`mcpServers` is written twice"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_broken_file_is_an_error_that_names_it(path: Path, text: str, words: str) -> None:
    path.write_text(text)
    with pytest.raises(ConfigError, match=words) as caught:
        load_servers(path)
    assert str(path) in caught.value.what


def test_a_file_that_is_not_utf8_is_an_error_that_says_so(path: Path) -> None:
    path.write_bytes(b'{"mcpServers": {"\xff": {}}}')
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_servers(path)


def test_a_missing_file_says_what_writes_one(path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_servers(path)
    assert "codegen add" in caught.value.hint


def test_adding_makes_the_file(path: Path) -> None:
    add_server(path, StdioServer("time", "uvx", ("mcp-server-time",), {"TZ": "UTC"}, path.parent / "sub"))
    assert path.read_text() == (
        '{\n  "mcpServers": {\n    "time": {\n      "command": "uvx",\n      "args": [\n        "mcp-server-time"\n'
        '      ],\n      "env": {\n        "TZ": "UTC"\n      },\n      "cwd": "sub"\n    }\n  }\n}\n'
    )


@pytest.mark.parametrize(
    "server",
    [
        StdioServer("new", "x", ("a",), {"A": "${A}"}, Path("/opt")),
        StdioServer("new", "x", cwd=Path("${PLACE}/x")),
        HttpServer("new", "https://x", {"A": "b"}),
        HttpServer("new", "https://x/sse"),
        HttpServer("new", "https://x", transport="sse"),
    ],
)
def test_what_was_added_reads_back_the_same(path: Path, server: StdioServer | HttpServer) -> None:
    add_server(path, server)
    assert load_servers(path) == ((server,), ())


def test_adding_and_removing_keep_everything_else_in_its_order(path: Path) -> None:
    before = {"z": 1, "mcpServers": {"b": {"command": "b", "own": [1]}, "ä": {"command": "a"}}, "inputs": []}
    path.write_text(json.dumps(before))
    add_server(path, StdioServer("new", "x", cwd=path.parent))
    remove_server(path, "b")
    after = json.loads(path.read_text())
    assert list(after) == ["z", "mcpServers", "inputs"]
    assert list(after["mcpServers"]) == ["ä", "new"]
    assert "ä" in path.read_text()
    remove_server(path, "new")
    assert json.loads(path.read_text()) == {**before, "mcpServers": {"ä": {"command": "a"}}}


def test_adding_a_known_name_is_refused_unless_it_may_be_replaced(path: Path) -> None:
    path.write_text('{"mcpServers": {"x": {"command": "old", "env": {"A": "1"}, "own": 5}, "y": {"command": "y"}}}')
    server = HttpServer("x", "https://x")
    with pytest.raises(ConfigError, match="there is a server 'x' already"):
        add_server(path, server)
    add_server(path, server, replace=True)
    servers = json.loads(path.read_text())["mcpServers"]
    assert list(servers) == ["x", "y"]
    assert servers["x"] == {"type": "http", "url": "https://x", "own": 5}


def test_removing_an_unknown_name_says_which_was_meant(path: Path) -> None:
    entry(path, command="x")
    path.write_text('{"mcpServers": {"github": {"command": "x"}}}')
    with pytest.raises(ConfigError) as caught:
        remove_server(path, "githb")
    assert caught.value.hint == "did you mean github?"


def test_a_secret_written_out_is_warned_of_without_showing_it(path: Path) -> None:
    env = {"API_KEY": "sk-123", "TOKEN": "${TOKEN}", "PLACE": "here"}
    (warning,) = add_server(path, StdioServer("x", "x", env=env, cwd=path.parent))
    assert warning.where == "mcp.json: mcpServers.x.env.API_KEY"
    assert "${API_KEY}" in warning.hint
    assert "sk-123" not in str(warning)
    (warning,) = add_server(path, HttpServer("y", "https://y", {"Authorization": "Bearer sk-123"}))
    assert warning.where == "mcp.json: mcpServers.y.headers.Authorization"


def test_writing_keeps_the_mode_and_a_link(path: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    real.write_text('{"mcpServers": {}}')
    real.chmod(0o640)
    path.symlink_to(real)
    add_server(path, StdioServer("x", "x", cwd=tmp_path))
    assert path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(file.name for file in tmp_path.iterdir()) == ["mcp.json", "real.json"]


def test_a_broken_file_is_not_written_over(path: Path) -> None:
    path.write_text('{"mcpServers": {"a": {}, "a": {}}}')
    with pytest.raises(ConfigError):
        add_server(path, StdioServer("x", "x"))
    assert path.read_text() == '{"mcpServers": {"a": {}, "a": {}}}'
