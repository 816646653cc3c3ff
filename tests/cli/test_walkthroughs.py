"""docs/approval.md, docs/resume.md, docs/search.md and docs/undo.md, followed word for word."""

from __future__ import annotations

import re
import shlex

import pytest
from conftest import ROOT, Commands


def blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("document", ["approval", "resume", "search", "undo"])
def test_each_command_prints_what_the_document_shows(document: str, shop: Commands):
    text = (ROOT / "docs" / f"{document}.md").read_text()
    (console,) = blocks(text, "console")
    (script,) = blocks(text, "python")
    name = re.search(r"codegen run (\S+)", console)
    assert name
    (shop.root / name[1]).write_text(script)
    for settings in blocks(text, "toml"):
        (shop.root / "codegen.toml").write_text(settings)
    for synonyms in blocks(text, "conf"):
        (shop.root / "synonyms.txt").write_text(synonyms)
    parts = re.split(r"^\$ codegen (.*)\n", console, flags=re.MULTILINE)[1:]
    assert len(parts) > 4
    for command, output in zip(parts[::2], parts[1::2], strict=True):
        done = shop(*shlex.split(command), code=None)
        for line in output.strip().splitlines():
            pattern = re.escape(line.strip()).replace(r"\[…\]", ".*")
            printed = done.stdout + done.stderr
            assert re.search(f"^ *{pattern}", printed, re.MULTILINE), f"{command}: {line}\n{printed}"
