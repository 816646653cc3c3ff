from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from codegen.search.fields import Entry
from codegen.search.index import write_group

MakeEntry = Callable[..., Entry]


@pytest.fixture(scope="session")
def entry() -> MakeEntry:
    """Makes an entry from what matters to a test: `entry("github", "create_issue", "Open an issue.")`."""

    def make(server: str, name: str, description: str = "", **other: object) -> Entry:
        path = f"{server}.{name}"
        signature = f"{path}(value: str) -> str  # {description}".rstrip(" #")
        fields: dict[str, object] = {
            "path": path,
            "server": server,
            "name": name,
            "title": "",
            "description": description,
            "parameters": (),
            "server_summary": f"Tools of {server}.",
            "signature": signature,
            "brief": f"{path}  # {description}",
            "summary": description,
            "effect": "unknown",
        }
        return Entry(**{**fields, **other})  # type: ignore[arg-type]

    return make


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "index.sqlite"


@pytest.fixture
def tools(entry: MakeEntry) -> dict[str, Sequence[Entry]]:
    return {
        "servers/github": [
            entry("github", "create_issue", "Open a new issue in a repository.", effect="writes"),
            entry("github", "list_issues", "List the issues of a repository.", effect="reads"),
            entry("github", "delete_repository", "Delete a repository for good.", effect="destructive"),
            entry("github", "createPullRequest", "Propose changes of a branch."),
        ],
        "servers/slack": [
            entry("slack", "post_message", "Send a message to a channel."),
            entry("slack", "list_channels", "List the channels of a workspace."),
        ],
        "servers/brave": [
            entry("brave-search", "web_search", "Search the web.", path="brave_search.web_search"),
        ],
        "servers/weather": [entry("weather", "获取天气", "获取指定城市的天气预报", path="weather.huo_qu")],
        "skills": [entry("skills", "weekly_report", "Count the issues closed this week and post them.")],
    }


@pytest.fixture
def index(db: Path, tools: dict[str, Sequence[Entry]]) -> Path:
    for group, entries in tools.items():
        write_group(db, group, entries, "1")
    return db
