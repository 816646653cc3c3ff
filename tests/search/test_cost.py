"""What an answer costs the model that reads it, in tokens of o200k, over real servers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bpe_openai import get_encoding

from codegen.generate.package import generate_package, when_to_use
from codegen.model import Catalogue, ServerInfo, Tool
from codegen.search.answer import render
from codegen.search.index import Group, write_groups
from codegen.search.query import search
from codegen.tree.entries import entries_of

SHARED = Path(__file__).resolve().parents[3] / "shared"
CORPUS = SHARED / "corpora" / "tools.jsonl.gz"
OWN = ("name", "title", "description", "inputSchema", "outputSchema", "annotations")
ENCODING = get_encoding("o200k_base")

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason=f"no corpus at {CORPUS}")


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def count(lines: list[str]) -> int:
    return len(ENCODING.encode("\n".join(lines) + "\n"))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every real server indexed as `codegen sync` does it."""
    servers: dict[str, dict[str, Tool]] = {}
    for row in rows(CORPUS):
        wire = {key: row[key] for key in OWN if row.get(key) is not None}
        servers.setdefault(row["server"], {}).setdefault(row["name"], Tool(row["server"], row["name"], wire))
    wanted = []
    for name, tools in servers.items():
        package = generate_package(Catalogue(ServerInfo(name), tuple(tools.values())))
        entries = entries_of(package, when_to_use(package.server, package.modules))
        wanted.append(Group(f"servers/{package.folder}", entries, "1"))
    db = tmp_path_factory.mktemp("corpus") / "index.sqlite"
    write_groups(db, wanted)
    return db


@pytest.fixture(scope="module")
def queries() -> list[str]:
    return [row["query"] for path in sorted(SHARED.glob("finding/*/queries.jsonl.gz")) for row in rows(path)]


def test_an_answer_to_one_query_costs_250_tokens_at_most(corpus: Path, queries: list[str]) -> None:
    costs = sorted(count(render([answer])) for answer in search(corpus, queries[::4]))
    assert costs[int(len(costs) * 0.99)] <= 250
    assert costs[-1] <= 300


def test_an_answer_to_many_queries_costs_1500_tokens_at_most(corpus: Path, queries: list[str]) -> None:
    costs = []
    for size in (8, 20):
        asked = [queries[at : at + size] for at in range(0, len(queries), 6 * size)]
        costs += [count(render(search(corpus, each))) for each in asked]
    assert sorted(costs)[int(len(costs) * 0.99)] <= 1500
