"""What codegen.toml says of a server's tools."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from codegen.config.overlays import ServerSettings, ToolOverlay, denied_by, unknown_servers
from codegen.config.settings import Settings, load_settings
from codegen.errors import ConfigError


def load(folder: Path, text: str) -> Settings:
    path = folder / "codegen.toml"
    path.write_text(text)
    return load_settings(path)


def test_every_key_is_read(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        [servers.github]
        when_to_use = "Issues."
        allow = ["list_*", "create_issue"]
        deny = ["*_all"]
        learn = false
        hints = "ignore"
        reads = ["list_*"]
        writes = ["create_*"]
        destructive = ["drop_*"]
        idempotent = ["create_issue"]
        [servers.github.tools.create_issue]
        name = "open_issue"
        description = "Open an issue."
        returns = { type = "object", properties = { number = { "$ref" = "#/$defs/N" } }, "$defs" = { N = true } }
        [servers.github.tools.create_issue.arguments.repo]
        enum = ["site", "api"]
        [servers.github.tools."delete-it"]
        """,
    )
    returns = {"type": "object", "properties": {"number": {"$ref": "#/$defs/N"}}, "$defs": {"N": True}}
    tool = ToolOverlay("open_issue", "Open an issue.", returns, {"repo": {"enum": ["site", "api"]}})
    github = ServerSettings(
        when_to_use="Issues.",
        allow=("list_*", "create_issue"),
        deny=("*_all",),
        learn=False,
        hints="ignore",
        reads=("list_*",),
        writes=("create_*",),
        destructive=("drop_*",),
        idempotent=("create_issue",),
        tools={"create_issue": tool, "delete-it": ToolOverlay()},
    )
    assert settings.servers == {"github": github}


def test_a_server_learns_as_it_says_or_else_as_the_file_does(tmp_path: Path) -> None:
    settings = load(tmp_path, "learn = false\n[servers.a]\n[servers.b]\nlearn = true\n")
    assert [settings.server(name).learn for name in ("a", "b", "unnamed")] == [False, True, False]
    assert Settings().server("any") == ServerSettings()
    assert ServerSettings().learn


TOOL = "[servers.s.tools.t]\n"
ARGUMENT = "[servers.s.tools.t.arguments.a]\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("learn = 1", r"`learn` is 1\n.*true or false"),
        ("[servers.s]\nlearn = 'no'", r"`servers\.s\.learn` is \"no\""),
        ("[servers.s]\nalow = ['*']", r"no setting `servers\.s\.alow`\n.*allow\?"),
        ("[servers.s]\nhints = 'no'", r"`servers\.s\.hints` is \"no\"\n.*\"trust\" or \"ignore\""),
        ("[servers.s]\nwrites = 'x'", r"`servers\.s\.writes` is \"x\"\n.*a list of patterns"),
        ("[servers.s]\nallow = 'x'", r"`servers\.s\.allow` is \"x\"\n.*a list of patterns"),
        ("[servers.s]\ndeny = ['']", r"`servers\.s\.deny` is a list\n.*a list of patterns"),
        ("[servers.s]\ndeny = [1]", r"`servers\.s\.deny` is a list\n.*a list of patterns"),
        ("[servers.s]\ntools = 1", r"`servers\.s\.tools` is 1\n.*\[servers\.s\.tools\.TOOL\]"),
        ("[servers.s.tools]\nt = 'x'", r"`servers\.s\.tools\.t` is \"x\"\n.*a section \[servers\.s\.tools\.t\]"),
        (TOOL + "nam = 'x'", r"no setting `servers\.s\.tools\.t\.nam`\n.*name\?"),
        (TOOL + "description = ' '", r"`servers\.s\.tools\.t\.description` is \" \"\n.*says something"),
        (TOOL + "arguments = []", r"`servers\.s\.tools\.t\.arguments` is a list\n.*arguments\.ARGUMENT\]"),
        (TOOL + "[servers.s.tools.t.arguments]\na = 1", r"`servers\.s\.tools\.t\.arguments\.a` is 1\n.*a JSON Schema"),
        (TOOL + "returns = 'object'", r"`servers\.s\.tools\.t\.returns` is \"object\"\n.*a JSON Schema"),
        (ARGUMENT + "default = 2026-01-31", r"`servers\.s\.tools\.t\.arguments\.a\.default` is 2026-01-31.*\n.*a text"),
        (ARGUMENT + "enum = [{ b = 09:30:00 }]", r"arguments\.a\.enum\.0\.b` is 09:30:00.*\n.*a text"),
        (ARGUMENT + "maximum = inf", r"arguments\.a\.maximum` is inf"),
        (ARGUMENT + "enumm = ['x']", r"`servers\.s\.tools\.t\.arguments\.a` can't hold `enumm`\n.*enum\?"),
        (ARGUMENT + "items.type = 'string'\nitems.enu = [1]", r"arguments\.a\.items` can't hold `enu`"),
        (ARGUMENT + "anyOf = [{ typ = 'string' }]", r"arguments\.a\.anyOf\.0` can't hold `typ`"),
        (ARGUMENT + "properties.x.typ = 'string'", r"arguments\.a\.properties\.x` can't hold `typ`"),
        (ARGUMENT + "'$ref' = '#/$defs/x'", r"arguments\.a` can't hold `\$ref`\n.*write it out"),
        (ARGUMENT + "enum = 'site'", r"arguments\.a\.enum` is no JSON Schema\n.*\"array\""),
        (ARGUMENT + "required = true", r"arguments\.a\.required` is no JSON Schema"),
        (ARGUMENT + "type = 'int'", r"arguments\.a\.type` is no JSON Schema\n.*expected string, integer, "),
        (ARGUMENT + "pattern = '('", r"arguments\.a\.pattern` is no JSON Schema\n.*regex"),
        (
            TOOL + "returns = { '$ref' = '#/$defs/x' }",
            r"`servers\.s\.tools\.t\.returns` is no JSON Schema\n.*/\$defs/x",
        ),
        (TOOL + "returns = { '$ref' = 'http://localhost/x' }", r"returns` is no JSON Schema\n.*disabled"),
    ],
)
def test_what_can_not_be_used_is_an_error_that_names_file_line_and_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert re.search(words, str(caught.value)), str(caught.value)
    assert re.match(rf"{tmp_path}/codegen\.toml, line [1-9]", caught.value.what)


@pytest.mark.parametrize(
    "name",
    ["", "two words", "class", "1st", "__init__", "_client", "call", "UNSET", "lazy", "Con", "a.b", "ﬁle", "x" * 101],
)
def test_a_name_that_a_module_can_not_have_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"`servers\.s\.tools\.t\.name`"):
        load(tmp_path, f'{TOOL}name = "{name}"')


@pytest.mark.parametrize("name", ["open_issue", "_private", "list", "größe", "match"])
def test_a_name_that_python_takes_is_taken(tmp_path: Path, name: str) -> None:
    assert load(tmp_path, f'{TOOL}name = "{name}"').servers["s"].tools["t"].name == name


def test_two_tools_can_not_be_given_one_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'`servers\.s\.tools\.u\.name` is "OPEN"\n.*`servers\.s\.tools\.t` has'):
        load(tmp_path, f'{TOOL}name = "open"\n[servers.s.tools.u]\nname = "OPEN"')
    load(tmp_path, f'{TOOL}name = "open"\n[servers.other.tools.t]\nname = "open"\n[servers.s.tools.v]\n')


def test_a_data_word_may_hold_what_looks_like_a_schema(tmp_path: Path) -> None:
    settings = load(tmp_path, f"{ARGUMENT}enum = [{{ typ = 1 }}]\ndefault.nothing = {{ '$ref' = 1 }}\n")
    assert settings.servers["s"].tools["t"].arguments["a"]["enum"] == [{"typ": 1}]


def test_deny_wins_over_allow_and_the_pattern_is_named() -> None:
    settings = ServerSettings(allow=("get_*", "delete_draft"), deny=("delete_*",))
    assert denied_by("s", settings, "get_x") == ""
    assert denied_by("s", settings, "delete_draft") == 'denied by codegen.toml: [servers.s] deny "delete_*"'
    assert denied_by("s", settings, "list") == "denied by codegen.toml: [servers.s] allow has no pattern for it"
    assert denied_by("s", settings, "GET_x") != "", "the server's names tell capitals apart"
    assert denied_by("s", ServerSettings(), "anything\nat all") == ""
    assert denied_by("s", ServerSettings(deny=("delete*",)), "delete\nall") != "", "a line end hides nothing"
    assert denied_by("s", ServerSettings(allow=()), "x") != ""


def test_a_server_that_is_not_there_is_a_problem_with_the_nearest_name() -> None:
    (problem,) = unknown_servers(["gihub", "shop"], ["github", "shop"])
    assert str(problem) == "codegen.toml [servers.gihub]: there is no such server (did you mean github?)"
    (problem,) = unknown_servers(["x"], [])
    assert "codegen add" in problem.hint
