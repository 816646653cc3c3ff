"""The lines of keys in codegen.toml and mcp.json."""

from __future__ import annotations

import json

import pytest

from codegen.config.lines import json_line, toml_line

TOML = """\
# [run] is not here
env_file = "a"  # nor [run]
servers.short.allow = [
  "a",  # [run]
]

[run]\r
text = '''
[sandbox]
memory = 5
'''
"time limit" = 3

[sandbox]
memory = 5
packages = ["a",
  "b"]

[[policy]]
decision = "ask"

[[policy]]
tool = "x"
[policy.arguments]
amount = { above = 3 }
[servers."a.b".tools.t.returns.properties]
x.type = "int"
policy = [5]
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("env_file",), 2),
        (("servers", "short", "allow"), 3),
        (("run",), 7),
        (("run", "text"), 8),
        (("run", "time limit"), 12),
        (("run", "missing"), 7),
        (("sandbox", "memory"), 15),
        (("sandbox", "packages", "1"), 16),
        (("policy",), 19),
        (("policy", "0", "decision"), 20),
        (("policy", "1"), 22),
        (("policy", "1", "tool"), 23),
        (("policy", "1", "arguments", "amount", "above"), 25),
        (("servers", "a.b"), 26),
        (("servers", "a.b", "tools", "t", "returns", "properties", "x", "type"), 27),
        (("nothing",), 0),
    ],
)
def test_a_key_of_toml_is_found_where_it_stands_and_what_is_inside_a_value_at_the_value(path, line):
    assert toml_line(TOML, path) == line


def test_arrays_of_tables_inside_arrays_of_tables_are_counted_apart():
    text = "[[a]]\n[[a.b]]\nx = 1\n[[a.b]]\nx = 2\n[[a]]\n[[a.b]]\nx = 3\n[a.c]\nx = 4\n"
    assert toml_line(text, ("a", "0", "b", "1", "x")) == 5
    assert toml_line(text, ("a", "1", "b", "0", "x")) == 8
    assert toml_line(text, ("a", "1", "c", "x")) == 10


def test_a_key_of_json_is_found_below_its_own_object_alone():
    text = json.dumps({"other": {"b": 1}, "mcpServers": {"a": {"env": {"b": "}"}}, "b": [], "é": 1}}, indent=1)
    lines = text.splitlines()
    assert lines[json_line(text, ("mcpServers", "b")) - 1] == '  "b": [],'
    assert lines[json_line(text, ("mcpServers", "é")) - 1].endswith("1")
    assert lines[json_line(text, ("mcpServers",)) - 1] == ' "mcpServers": {'
    assert json_line(text, ("mcpServers", "c")) == 0
    assert json_line(text, ("mcpServers", "b", "c")) == 0
