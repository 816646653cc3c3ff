"""What generated files cost a model that reads them, in tokens of o200k."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bpe_openai import get_encoding
from generate.test_budget import SENTENCES

from codegen.generate.package import generate_package
from codegen.model import Catalogue, ServerInfo, Tool

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "tools.jsonl.gz"
OWN = ("name", "title", "description", "inputSchema", "outputSchema", "annotations")
ENCODING = get_encoding("o200k_base")


def count(text: str) -> int:
    return len(ENCODING.encode(text))


def lines_of(*tools: Tool) -> list[str]:
    readme = generate_package(Catalogue(ServerInfo("srv"), tools)).files["README.md"]
    return [line for line in readme.splitlines() if line.startswith("- ")]


@pytest.mark.skipif(not CORPUS.exists(), reason=f"no corpus at {CORPUS}")
def test_real_modules_and_readme_lines_keep_to_their_budget() -> None:
    servers: dict[str, dict[str, Tool]] = {}
    with gzip.open(CORPUS, "rt", encoding="utf-8") as rows:
        for row in map(json.loads, rows):
            wire = {key: row[key] for key in OWN if row.get(key) is not None}
            servers.setdefault(row["server"], {}).setdefault(row["name"], Tool(row["server"], row["name"], wire))
    modules = own = 0
    for name, tools in servers.items():
        package = generate_package(Catalogue(ServerInfo(name), tuple(tools.values())))
        modules += sum(count(module.text) for module in package.modules)
        own += sum(count(json.dumps(tool.wire, ensure_ascii=False, separators=(",", ":"))) for tool in tools.values())
        assert all(count(line) <= 45 for line in package.files["README.md"].splitlines() if line.startswith("- "))
    assert modules / own <= 0.75


@pytest.mark.parametrize("text", SENTENCES)
@pytest.mark.parametrize("name", ["a_long_parameter", "createdBefore", "X-API-Key"])
def test_a_readme_line_keeps_to_its_budget_in_every_language(text: str, name: str, tool: Callable[..., Tool]) -> None:
    properties: dict[str, Any] = {f"{name}{n}": {} for n in range(20)}
    keys = {"type": "object", "properties": {f"{name}{n}": {} for n in range(20)}}
    for made in (
        tool(description=text * 4),
        tool(properties, description=text * 4, annotations={"destructiveHint": True}),
        tool(properties, required=tuple(properties), description=text, output=keys, name=f"{name}_" * 6),
    ):
        (line,) = lines_of(made)
        assert count(line) <= 45
        assert line.count("`") == 2


def test_a_readme_line_of_german_names_keeps_to_its_budget(tool: Callable[..., Tool]) -> None:
    properties: dict[str, Any] = {f"uebergeordneteVorgangsnummer{n}": {} for n in range(20)}
    text = "Erstellt einen neuen Vorgang im angegebenen Projekt und gibt dessen Nummer aus"
    (line,) = lines_of(tool(properties, description=text, name="vorgangAnlegenUndZuweisen"))
    assert count(line) <= 45


def test_a_readme_line_gives_up_words_first_then_parameters(tool: Callable[..., Tool]) -> None:
    text = (
        f"Do one thing after another with all of the things that there are, {'and the next of them, ' * 4} in the end."
    )
    hints = {"destructiveHint": True}
    (line,) = lines_of(tool({"first": {}, "second": {}}, description=text, annotations=hints))
    assert line.startswith("- `do_it(first?, second?)  Do one thing after another with all of")
    assert line.endswith("… [d]`")
    many = {f"parameter_{n}": {} for n in range(20)}
    (line,) = lines_of(tool(many, required=("parameter_7",), description=text, annotations=hints))
    assert line.startswith("- `do_it(parameter_7, parameter_0?, ")
    assert ", …+1" in line
    assert "  Do one thing after another" in line
    assert line.endswith("… [d]`")
