from __future__ import annotations

import ast

import pytest

from codegen.skills.tools_used import tools_used


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from servers.github import create_issue as ci", ["github.create_issue"]),
        ("from servers.github import a, b\nfrom servers.slack import c", ["github.a", "github.b", "slack.c"]),
        ("from servers.github.create_issue import create_issue", ["github.create_issue"]),
        ("from servers.github.create_issue import CreateIssueResult", ["github.create_issue"]),
        ("from servers.github.create_issue import *", ["github.create_issue"]),
        ("from servers import github\ngithub.create_issue(title='x')", ["github.create_issue"]),
        (
            "from servers import github as gh\ngh.create_issue()\ngh.close.__name__",
            ["github.close", "github.create_issue"],
        ),
        ("from servers import github", []),
        ("import servers.github\nservers.github.create_issue()", ["github.create_issue"]),
        ("import servers.github as gh\ngh.create_issue()", ["github.create_issue"]),
        ("import servers.github.create_issue as module\nmodule.create_issue()", ["github.create_issue"]),
        ("import servers\nservers.github.create_issue()\nservers.gather()", ["github.create_issue"]),
        ("from servers.github import *", ["github.*"]),
        ("from servers import github\ngetattr(github, 'x')()", ["github.*"]),
        ("from servers import github\ngithub.__dict__['x']()", ["github.*"]),
        ("import servers\nf(servers)", ["*.*"]),
        ("from servers import *", ["*.*"]),
        ("from servers import call\ncall('s', 't', {})", ["*.*"]),
        ("from servers._client import exchange", ["*.*"]),
        ("import importlib\nimportlib.import_module('servers.github.create_issue')", ["github.create_issue"]),
        ("import importlib\nimportlib.import_module(f'servers.{x}')", ["*.*"]),
        ("import importlib\nimportlib.import_module('json')", []),
        ("from servers import gather, ToolError, UNSET\ngather()", []),
        ("from .servers import x\nfrom serverside import y\nimport json", []),
        ("def f():\n    from servers.github import late\n    late()", ["github.late"]),
        ("import json", []),
    ],
)
def test_tools_are_read_from_the_source(source: str, expected: list[str]) -> None:
    assert tools_used(ast.parse(source)) == tuple(expected)
