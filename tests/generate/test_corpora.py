"""The generator over real servers' tools and hostile ones, where the corpora lie beside the repository."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from generate.test_hostile import MOST_CALLS, calls

from codegen.generate.check import check_module
from codegen.generate.module import generate_module
from codegen.generate.package import generate_package, generate_root
from codegen.generate.write import write_tree
from codegen.model import Catalogue, ServerInfo, Tool
from codegen.naming import identifier, package_names

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
BIN = Path(sys.executable).parent
INSTALLED = Path(__file__).resolve().parents[2] / ".cache" / "servers"
PYRIGHT = INSTALLED / "node_modules" / ".bin" / "pyright"
MYPY_LACKS = "extra_items"  # PEP 728

pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason=f"no corpora at {CORPORA}")


def read(name: str) -> list[dict[str, Any]]:
    with gzip.open(CORPORA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.fixture(scope="module")
def definitions() -> list[tuple[Tool, list[Any]]]:
    """All tools with their instances. Where a server has a name twice, the second is another server's."""
    seen: set[tuple[str, str]] = set()
    found = []
    for row in [*read("tools"), *({**row, "server": f"{row['server']} {row['tag']}"} for row in read("hostile"))]:
        server = row["server"]
        while (server, row["name"]) in seen:
            server += "+"
        seen.add((server, row["name"]))
        wire = {
            key: value for key, value in row.items() if value is not None and key not in {"server", "instances", "tag"}
        }
        found.append((Tool(server, row["name"], wire), row.get("instances") or []))
    return found


@pytest.fixture(scope="module")
def tree(definitions: list[tuple[Tool, list[Any]]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of all servers in `servers`."""
    by_server: dict[str, list[Tool]] = {}
    for tool, _ in definitions:
        by_server.setdefault(tool.server, []).append(tool)
    folders = package_names(list(by_server))
    packages = [generate_package(Catalogue(ServerInfo(s), tuple(t)), folders[s]) for s, t in by_server.items()]
    assert [str(problem) for package in packages for problem in package.problems] == []
    root = tmp_path_factory.mktemp("corpora")
    wanted = {f"{p.folder}/{name}": text for p in packages for name, text in p.files.items()}
    write_tree(root / "servers", {**generate_root(packages), **wanted}, set())
    return root


def check(tree: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """A type checker over the tree."""
    # Where the machine has no node, tests/setup_servers.py put one here.
    path = os.pathsep.join((os.environ["PATH"], str(INSTALLED / "bin")))
    return subprocess.run(
        command, cwd=tree, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )


def test_every_tool_sends_exactly_its_instances(
    definitions: list[tuple[Tool, list[Any]]], client_scope: Callable[[str], dict[str, Any]]
) -> None:
    count = 0
    for tool, instances in definitions:
        module = generate_module(tool, identifier(tool.name))
        assert check_module(module) == "", tool
        scope = client_scope(module.text)
        wires = {wire: name for name, wire in module.parameters.names().items() if wire is not None}
        for instance in instances:
            sent = scope[module.name](**{wires.get(key, key): value for key, value in instance.items()})
            assert sent == {"server": tool.server, "tool": tool.name, "arguments": instance}
            count += 1
    assert count > 5_000


def test_no_hostile_schema_takes_long() -> None:
    for row in read("hostile"):
        wire = {
            "inputSchema": row["inputSchema"],
            "outputSchema": row["inputSchema"],
            "description": row["description"],
        }
        tool = Tool(row["server"], row["name"], wire)
        assert calls(lambda tool=tool: check_module(generate_module(tool, "tool"))) < MOST_CALLS, row["tag"]


def test_two_runs_are_equal_byte_for_byte(definitions: list[tuple[Tool, list[Any]]]) -> None:
    for tool, _ in definitions[::20]:
        first, second = (generate_module(tool, identifier(tool.name)) for _ in range(2))
        assert (first.text, first.signature) == (second.text, second.signature)


def test_the_whole_tree_is_clean_under_ty(tree: Path) -> None:
    done = check(tree, BIN / "ty", "check", "--error-on-warning", "--output-format", "concise", ".")
    assert done.returncode == 0, done.stdout[-3_000:]


def test_the_whole_tree_is_clean_under_mypy_strict_but_for_what_it_lacks(tree: Path) -> None:
    done = check(tree, BIN / "mypy", "--strict", "--config-file=", "--cache-dir", os.devnull, "servers")
    errors = [line for line in done.stdout.splitlines() if ": error:" in line and MYPY_LACKS not in line]
    assert "source files" in done.stdout, done.stderr
    assert errors == [], done.stdout[-3_000:]


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.servers
@pytest.mark.skipif(not PYRIGHT.exists(), reason="pyright isn't installed: make servers")
def test_the_whole_tree_is_clean_under_pyright(tree: Path) -> None:
    done = check(tree, PYRIGHT, "--pythonpath", sys.executable, "servers")
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr
    assert "0 errors, 0 warnings" in done.stdout
