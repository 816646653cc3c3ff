"""What the documents say is so: their size, the commands they name, the files and output they show."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from conftest import CODEGEN, ROOT

README = (ROOT / "README.md").read_text()
AGENTS = (ROOT / "workspace_template" / "AGENTS.md").read_text()


def test_the_documents_keep_to_their_size():
    assert len(README.splitlines()) <= 120
    assert len(AGENTS.splitlines()) <= 60
    assert len(AGENTS) / 4 <= 900, "tokens, as characters / 4"
    assert (ROOT / "workspace_template" / "CLAUDE.md").read_text() == "@AGENTS.md\n"


def test_every_verb_that_a_document_names_exists_and_every_verb_is_named():
    listed = subprocess.run([CODEGEN, "--help"], capture_output=True, text=True, check=True).stdout
    verbs = set(re.findall(r"^  (\w+) ", listed, re.MULTILINE))
    named = {verb for text in (README, AGENTS) for verb in re.findall(r"(?:\$ |`)codegen ([a-z]+)", text)}
    assert len(named) > 8
    assert named <= verbs
    assert verbs <= set(re.findall(r"[a-z]+", README))


def test_the_generated_module_of_the_readme_is_the_one_in_the_tree():
    shown = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert shown
    module = (ROOT / "servers" / "shop" / "get_stock.py").read_text()
    said = [line for line in shown[1].splitlines() if line.strip() not in {"", "…"}]
    assert [line for line in said if line not in module.splitlines()] == []


def test_architecture_names_only_files_that_exist():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    folders = [path for path in (ROOT / "codegen").rglob("*") if path.is_dir()]
    for name in set(re.findall(r"`([a-z_]+(?:/[a-z_]+)*\.py)`", text)):
        places = [ROOT / name, ROOT / "codegen" / name, *(folder / name for folder in folders)]
        assert any(map(Path.exists, places)), name


def test_nothing_generated_names_a_place_or_a_time_of_this_machine():
    for path in (ROOT / "servers").rglob("*.*"):
        if path.suffix in {".py", ".md", ".json"}:
            assert str(ROOT) not in path.read_text(), path
