"""The generator over real servers' tools and hostile ones, where the corpora lie beside the repository."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codegen.generate.check import check_module
from codegen.generate.module import generate_module
from codegen.generate.package import generate_package, generate_root
from codegen.generate.write import write_tree
from codegen.model import Catalogue, ServerInfo, Tool
from codegen.naming import identifier, package_names

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
BIN = Path(sys.executable).parent
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


def write_packages(root: Path, tools: list[Tool]) -> None:
    by_server: dict[str, list[Tool]] = {}
    for tool in tools:
        by_server.setdefault(tool.server, []).append(tool)
    folders = package_names(list(by_server))
    packages = [generate_package(Catalogue(ServerInfo(s), tuple(t)), folders[s]) for s, t in by_server.items()]
    assert [str(problem) for package in packages for problem in package.problems] == []
    wanted = {f"{p.folder}/{name}": text for p in packages for name, text in p.files.items()}
    write_tree(root, {**generate_root(packages), **wanted}, set())


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
        before = time.process_time()
        check_module(generate_module(Tool(row["server"], row["name"], wire), "tool"))
        assert time.process_time() - before < 2, row["tag"]  # a bomb takes minutes; 0.5 s is the promise on a free core


def test_two_runs_are_equal_byte_for_byte(definitions: list[tuple[Tool, list[Any]]]) -> None:
    for tool, _ in definitions[::20]:
        first, second = (generate_module(tool, identifier(tool.name)) for _ in range(2))
        assert (first.text, first.signature) == (second.text, second.signature)


def test_the_whole_tree_is_clean_under_ty(definitions: list[tuple[Tool, list[Any]]], tmp_path: Path) -> None:
    write_packages(tmp_path / "servers", [tool for tool, _ in definitions])
    done = subprocess.run(
        [BIN / "ty", "check", "--error-on-warning", "--output-format", "concise", "."],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3_000:]


def test_ten_servers_are_clean_under_mypy_strict(definitions: list[tuple[Tool, list[Any]]], tmp_path: Path) -> None:
    servers = sorted({tool.server for tool, instances in definitions if instances})[::16][:10]
    write_packages(tmp_path / "servers", [tool for tool, _ in definitions if tool.server in servers])
    done = subprocess.run(
        [BIN / "mypy", "--strict", "--config-file=", "--cache-dir", tmp_path / "cache", "servers"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    errors = [line for line in done.stdout.splitlines() if ": error:" in line and MYPY_LACKS not in line]
    assert "source files" in done.stdout, done.stderr
    assert errors == [], done.stdout[-3_000:]
