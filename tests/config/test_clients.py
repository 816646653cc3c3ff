"""Files of other clients, as they write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.config.clients import read_servers
from codegen.config.mcp_json import HttpServer, StdioServer
from codegen.errors import ConfigError


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_claude_code_of_a_project(tmp_path: Path) -> None:
    path = write(tmp_path / ".mcp.json", '{"mcpServers": {"a": {"type": "stdio", "command": "x", "env": {}}}}')
    assert read_servers(path) == ((StdioServer("a", "x", cwd=tmp_path),), ())


def test_claude_code_of_a_user_with_projects(tmp_path: Path) -> None:
    path = write(
        tmp_path / ".claude.json",
        """{"numStartups": 3, "mcpServers": {"a": {"type": "http", "url": "https://a"}},
        "projects": {"/p/one": {"mcpServers": {"b": {"command": "./b"}, "a": {"type": "http", "url": "https://a"}}},
                     "/p/two": {"mcpServers": {"b": {"command": "other"}}, "history": []}, "/p/three": {}}}""",
    )
    servers, problems = read_servers(path)
    assert servers == (HttpServer("a", "https://a"), StdioServer("b", "./b", cwd=Path("/p/one")))
    assert [(p.where, p.what) for p in problems] == [
        (".claude.json: projects./p/two.mcpServers.b", "there is another server 'b' in this file")
    ]


def test_claude_desktop_warns_of_a_secret_written_out(tmp_path: Path) -> None:
    path = write(
        tmp_path / "claude_desktop_config.json",
        '{"mcpServers": {"gh": {"command": "npx", "args": ["-y", "x"], "env": {"GITHUB_TOKEN": "ghp_123"}}}}',
    )
    servers, (problem,) = read_servers(path)
    assert servers == (StdioServer("gh", "npx", ("-y", "x"), {"GITHUB_TOKEN": "ghp_123"}, Path.home()),)
    assert "${GITHUB_TOKEN}" in problem.hint
    assert "ghp_123" not in str(problem)


def test_cursor_and_its_environment_variables(tmp_path: Path) -> None:
    path = write(
        tmp_path / ".cursor" / "mcp.json",
        '{"mcpServers": {"a": {"url": "https://a", "headers": {"X": "${env:X_KEY}"}},'
        ' "b": {"command": "${userHome}/b"}}}',
    )
    assert read_servers(path) == (
        (HttpServer("a", "https://a", {"X": "${X_KEY}"}), StdioServer("b", "${HOME}/b", cwd=tmp_path)),
        (),
    )


def test_windsurf_says_server_url_and_switches_off(tmp_path: Path) -> None:
    path = write(
        tmp_path / "mcp_config.json",
        '{"mcpServers": {"a": {"serverUrl": "https://a/mcp"}, "b": {"command": "b", "disabled": true}}}',
    )
    assert read_servers(path) == ((HttpServer("a", "https://a/mcp"),), ())


def test_vs_code_with_comments_trailing_commas_and_inputs(tmp_path: Path) -> None:
    path = write(
        tmp_path / ".vscode" / "mcp.json",
        """// servers
        {"inputs": [{"type": "promptString", "id": "api-key", "password": true},],
         /* the "servers" */
         "servers": {
           "a": {"type": "http", "url": "https://a//b", "headers": {"Authorization": "Bearer ${input:api-key}",},},
           "b": {"command": "x", "args": ["${workspaceFolder}/c", "//no comment", "a,]", "${command:pick}"],},
         },}""",
    )
    servers, problems = read_servers(path)
    assert servers == (
        HttpServer("a", "https://a//b", {"Authorization": "Bearer ${API_KEY}"}),
        StdioServer("b", "x", (f"{tmp_path}/c", "//no comment", "a,]", "${command:pick}"), cwd=tmp_path),
    )
    assert [p.what for p in problems] == [
        "`${command:pick}` is known only to that editor",
        "asked for at the start there; here it is ${API_KEY}",
    ]
    assert problems[1].hint == "set API_KEY in the environment or the env file"


@pytest.mark.parametrize(
    "text", ['{"mcp": {"servers": {"a": {"command": "x"}}}}', '{"mcp.servers": {"a": {"command": "x"}}}']
)
def test_vs_code_settings(tmp_path: Path, text: str) -> None:
    servers, problems = read_servers(write(tmp_path / "settings.json", text))
    assert [server.name for server in servers] == ["a"]
    assert problems == ()


def test_codex(tmp_path: Path) -> None:
    path = write(
        tmp_path / "config.toml",
        """model = "m"
        [mcp_servers.a]
        command = "npx"
        args = ["-y", "a"]
        env_vars = ["HOME_TOKEN"]
        startup_timeout_sec = 20
        [mcp_servers.a.env]
        KEY = "${KEY}"
        [mcp_servers.b]
        url = "https://b"
        bearer_token_env_var = "B_TOKEN"
        http_headers = { "X-A" = "1" }
        env_http_headers = { "X-B" = "B_VALUE" }
        [mcp_servers.off]
        command = "x"
        enabled = false
        """,
    )
    servers, problems = read_servers(path)
    headers = {"X-A": "1", "X-B": "${B_VALUE}", "Authorization": "Bearer ${B_TOKEN}"}
    env = {"HOME_TOKEN": "${HOME_TOKEN}", "KEY": "${KEY}"}
    assert servers == (StdioServer("a", "npx", ("-y", "a"), env, Path.home()), HttpServer("b", "https://b", headers))
    assert [problem.where for problem in problems] == ["config.toml: mcp_servers.off"]


def test_one_broken_entry_is_a_problem_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path / "mcp.json", '{"mcpServers": {"a": 5, "b": {"command": "x"}}, "servers": []}')
    servers, problems = read_servers(path)
    assert [server.name for server in servers] == ["b"]
    assert [p.where for p in problems] == ["mcp.json: mcpServers.a", "mcp.json: servers"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.json", "{}", "names no servers"),
        ("a.json", "[]", "is a list"),
        ("a.json", '{"mcpServers": {"a": }}', r"a\.json:1:22: not JSON"),
        ("a.toml", "x = 1", "names no servers"),
        ("a.toml", "x =", "not TOML"),
    ],
)
def test_a_file_without_servers_is_an_error_that_names_it(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_servers(write(tmp_path / name, text))


def test_a_foreign_file_is_never_written(tmp_path: Path) -> None:
    path = write(tmp_path / "mcp.json", '{"mcpServers": {"a": {"command": "x"}}}')
    path.chmod(0o400)
    before = path.stat()
    read_servers(path)
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert list(tmp_path.iterdir()) == [path]
