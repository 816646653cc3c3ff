"""The command that adds an optional part, wherever the package came from."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest

from codegen.extras import install


class Installed:
    def __init__(self, origin: object) -> None:
        self.origin = origin

    def read_text(self, _name: str) -> str | None:
        return None if self.origin is None else json.dumps(self.origin)


FOLDER = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        (None, "pip install 'codegen-tools[agents]'"),
        ({"url": FOLDER.as_uri(), "dir_info": {}}, f"pip install '{FOLDER}[agents]'"),
        ({"url": FOLDER.as_uri(), "dir_info": {"editable": True}}, f"pip install -e '{FOLDER}[agents]'"),
        ({"url": "file:///no/such/folder", "dir_info": {}}, "pip install '.[agents]', in the checkout of codegen"),
        (
            {"url": "https://example.org/c.git", "vcs_info": {"vcs": "git", "commit_id": "5"}},
            "pip install 'codegen-tools[agents] @ git+https://example.org/c.git'",
        ),
        (
            {"url": "file:///tmp/codegen_tools.whl", "archive_info": {}},
            "pip install 'codegen-tools[agents] @ file:///tmp/codegen_tools.whl'",
        ),
    ],
)
def test_an_extra_is_added_from_where_the_package_came(monkeypatch, origin, command):
    monkeypatch.setattr(metadata, "distribution", lambda _name: Installed(origin))
    assert install("agents") == command


def test_a_checkout_that_was_not_installed_is_named_by_its_folder(monkeypatch):
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    assert install("agents") == f"pip install -e '{FOLDER}[agents]'"


def test_nothing_else_names_the_package_in_a_hint():
    files = [*(FOLDER / "codegen").rglob("*.py"), *FOLDER.glob("docs/*.md"), *FOLDER.glob("workspace_template/*")]
    texts = {file: file.read_text(encoding="utf-8") for file in files if file.is_file()}
    assert [str(file) for file, text in texts.items() if "codegen-tools[" in text] == []
