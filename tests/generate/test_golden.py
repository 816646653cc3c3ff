"""The golden tree: what each feature of a schema becomes, readable as documentation."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from golden.refresh import ROOT, golden_package, golden_tree, present

from codegen.generate.write import compare_tree

BIN = Path(sys.executable).parent
FEATURES = sorted(path.parent.name for path in ROOT.glob("*/tools.json"))
MYPY_LACKS = "extra_items"  # PEP 728


def test_the_golden_tree_is_what_its_definitions_become() -> None:
    changes = compare_tree(ROOT, golden_tree(), present())
    assert not changes, f"{changes.diff}\nwhere that is meant: python tests/golden/refresh.py"


@pytest.mark.parametrize("feature", FEATURES)
def test_every_tool_of_a_feature_is_written_and_twice_the_same(feature: str) -> None:
    package = golden_package(ROOT / feature)
    assert package.problems == ()
    assert golden_package(ROOT / feature).files == package.files


def test_the_golden_tree_is_clean_under_ty_and_mypy(tmp_path: Path) -> None:
    shutil.copytree(ROOT, tmp_path / "servers", ignore=shutil.ignore_patterns("refresh.py", "__pycache__"))
    environment = {**os.environ, "PATH": os.pathsep.join((str(BIN), os.environ.get("PATH", "")))}

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    said = run("ty", "check", "--python", sys.prefix, "--output-format", "concise", "servers")
    assert "All checks passed!" in said, said
    said = run("mypy", "--strict", "--no-error-summary", "--cache-dir", os.devnull, "servers")
    assert [line for line in said.splitlines() if "error:" in line and MYPY_LACKS not in line] == []
