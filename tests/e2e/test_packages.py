"""[sandbox] packages, from codegen.toml to the script that imports them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from conftest import Commands
from packages.wheel import make_wheel

TINY = "def size(of: str) -> int:\n    return len(of)\n"


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    return make_wheel(tmp_path / "wheels", "tiny", {"tiny/__init__.py": TINY, "tiny/py.typed": ""})


@pytest.fixture
def environment(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    return environment | {"XDG_CACHE_HOME": str(tmp_path / "cache")}


@pytest.fixture
def offline(environment: dict[str, str]) -> None:
    environment.update(UV_NO_INDEX="1", UV_OFFLINE="1", PIP_NO_INDEX="1")


def want(workspace: Commands, *packages: str, preload: str = "") -> None:
    preloaded = [preload] if preload else []
    text = f"[sandbox]\npackages = {json.dumps(packages)}\npreload = {json.dumps(preloaded)}\n"
    (workspace.root / "codegen.toml").write_text(text)


def report(workspace: Commands, *words: str, code: int = 0) -> dict[str, object]:
    found: dict[str, object] = json.loads(workspace("sync", "--json", *words, code=code).stdout)["packages"]
    return found


def test_a_package_is_installed_by_sync_and_imported_by_scripts(workspace, tiny, offline):
    missing = workspace.run("import tiny", code=3)
    assert 'add "tiny" to [sandbox] packages in codegen.toml, then: codegen sync' in missing.stderr
    want(workspace, tiny)
    early = workspace.run("print(1)", code=2)
    assert "packages aren't installed: tiny @ " in early.stderr
    assert "codegen sync" in early.stderr
    done = workspace("sync")
    assert f"packages: {tiny} installed" in done.stdout
    assert f"packages: installing {tiny} …" in done.stderr
    assert workspace.value("import tiny\ndef main(): return tiny.size('four')") == 4
    refused = workspace.run("import tiny\ntiny.size()", code=3)
    assert "No argument provided for required parameter" in refused.stderr
    again = workspace("sync")
    assert "packages" not in again.stdout + again.stderr
    assert report(workspace) == {"state": "present", "requirements": [tiny], "seconds": 0.0, "problem": None}


def test_packages_that_fail_cost_neither_servers_nor_what_was_there(shop, tiny, offline):
    want(shop, tiny)
    shop("sync")
    want(shop, tiny, "no-such-package>=3")
    failed = shop("sync", code=1)
    assert "shop: " in failed.stdout
    assert "sandbox.packages: no-such-package>=3 can't be installed: " in failed.stderr
    found = report(shop, code=1)
    assert found["state"] == "failed"
    assert "codegen sync" in shop.run("print(1)", code=2).stderr
    want(shop, tiny)
    assert shop.run("import tiny; print(tiny.size('x'))").stdout == "1\n"


def test_a_change_of_the_list_counts_from_the_next_run_on(workspace, tiny, offline):
    want(workspace, tiny)
    workspace("sync")
    assert workspace.run("import tiny; print(1)").stdout == "1\n"
    want(workspace)
    assert "Cannot resolve imported module 'tiny'" in workspace.run("import tiny", code=3).stderr
    want(workspace, tiny, preload="tiny")
    end = time.monotonic() + 30
    while not workspace.value("import sys\ndef main(): return 'tiny' in sys.modules"):
        assert time.monotonic() < end


def test_neither_check_nor_offline_installs_and_both_say_what_is_missing(shop, tiny, offline, tmp_path):
    want(shop, tiny)
    for word in ("--check", "--offline"):
        done = shop("sync", word)
        assert f"not installed: {tiny} (codegen sync)" in done.stderr
        assert report(shop, word)["state"] == "missing"
    assert not (tmp_path / "cache").exists()
    shop("sync")
    assert "installed" not in shop("sync", "--offline").stderr


def test_a_script_can_t_change_a_package_for_others(workspace, tiny, offline):
    want(workspace, tiny)
    workspace("sync")
    done = workspace.run("import tiny; open(tiny.__file__, 'a')", code=1)
    assert "Read-only file system" in done.stderr or "Permission denied" in done.stderr


NUMPY = """
import numpy, random
def main():
    return [float(numpy.random.rand()), random.random(), float(numpy.ones((9, 9)).sum()), numpy.__file__]
"""


@pytest.mark.servers
def test_a_native_package_from_an_index_imports_behind_the_wall_and_draws_anew_in_each_run(workspace, tmp_path):
    want(workspace, "numpy>=2", "iniconfig", preload="numpy.random")
    if workspace("sync", code=None).returncode:
        pytest.skip("no index can be reached")
    end = time.monotonic() + 60
    while not workspace.value("import sys\ndef main(): return 'numpy.random' in sys.modules"):
        assert time.monotonic() < end
    one, other = workspace.value(NUMPY), workspace.value(NUMPY)
    assert one[2] == other[2] == 81.0
    assert one[3].startswith(str(tmp_path / "cache"))
    assert one[0] != other[0]
    assert one[1] != other[1]
