"""Score the search on the sets of queries in ../shared/finding, when they are there.

    python benchmarks/search_quality.py [--embed static] [set ...]

Prints recall@1/5/10, nDCG@10 and milliseconds a query; then what 100 recorded uses (two thirds of a small set) do for
the other queries: those whose tools recur, and those whose tools are new. `--embed`: with vectors too.

The sets are not part of this repository (their licences are their own); `make_search` is what their `evaluate.py` asks
for.
"""

from __future__ import annotations

import importlib.util
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from codegen.search.fields import Entry
from codegen.search.index import Group, write_groups
from codegen.search.meaning import meaning
from codegen.search.query import search
from codegen.search.remember import Use, remember
from codegen.search.uses import kept_words

LEARNING = ("metatool_single", "livemcp_step")
"""Sets with enough queries to a tool that some recur."""
EMBED: list[str] = []
FINDING = Path(__file__).resolve().parents[2] / "shared" / "finding"


def make_search(tools: list[dict[str, Any]], past: Sequence[tuple[str, str]] = ()) -> Callable[[str, int], list[str]]:
    """An index of the tools in a temporary folder; found are their ids. `past` are queries and the ids they led to."""
    folder = tempfile.TemporaryDirectory()
    db, uses = Path(folder.name) / "index.sqlite", f"{folder.name}/uses.sqlite"
    servers: dict[str, list[dict[str, Any]]] = {}
    for tool in tools:
        servers.setdefault(tool["server"], []).append(tool)
    groups = [Group(f"servers/{server}", [_entry(tool) for tool in each], "") for server, each in servers.items()]
    write_groups(db, groups, meaning(EMBED[0], folder.name) if EMBED else None)
    paths = {tool["id"]: f"{tool['server']}.{tool['name']}" for tool in tools}
    remember(uses, [Use(paths[tool], tuple(kept_words(query)), at) for at, (query, tool) in enumerate(past)])

    def find(query: str, k: int) -> list[str]:
        assert folder  # the index lives as long as its search
        return [hit.signature for hit in search(db, [query], k=k, uses=uses)[0].hits] if query.strip() else []

    return find


def print_learning(evaluate: ModuleType, name: str) -> None:
    """What 100 recorded uses do, over four splits of a set."""
    tools, queries = (
        evaluate.rows(FINDING / name / "tools.jsonl.gz"),
        evaluate.rows(FINDING / name / "queries.jsonl.gz"),
    )
    plain = make_search(tools)
    kinds: dict[str, list[tuple[float, float]]] = {"recur": [], "are new": []}
    for seed in range(4):
        shuffled = random.Random(seed).sample(queries, len(queries))
        size = min(100, len(queries) * 2 // 3)
        past = [(query["query"], group[0]) for query in shuffled[:size] for group in query["gold"]]
        taught, used = make_search(tools, past), {tool for _, tool in past}
        for query in shuffled[size:]:
            known = [not used.isdisjoint(group) for group in query["gold"]]
            kind = "recur" if all(known) else None if any(known) else "are new"
            if kind:
                found = (evaluate.score(find(query["query"], 20), query["gold"])[3] for find in (plain, taught))
                kinds[kind].append((next(found), next(found)))
    for kind, scores in kinds.items():
        before, after = (statistics.mean(column) for column in zip(*scores, strict=True))
        gain = f"{before:.3f} -> {after:.3f} ({after - before:+.3f})"
        print(f"{name:16} {size} uses, tools that {kind:8} {len(scores):4} queries  nDCG@10 {gain}")


def _entry(tool: dict[str, Any]) -> Entry:
    schema = tool.get("inputSchema") or {}
    parameters = tuple((name, _texts(value)) for name, value in (schema.get("properties") or {}).items())
    return Entry(
        path=f"{tool['server']}.{tool['name']}",
        server=tool["server"],
        name=tool["name"],
        title="",
        description=tool.get("description") or "",
        parameters=parameters,
        server_summary=tool.get("server_description") or "",
        signature=tool["id"],
        brief=tool["id"],
        summary="",
        effect="unknown",
    )


def _texts(schema: Any) -> str:
    """What a parameter says in words: descriptions and enum values, nested ones too."""
    if isinstance(schema, list):
        return " ".join(_texts(item) for item in schema)
    if not isinstance(schema, dict):
        return ""
    found = [schema["description"]] if isinstance(schema.get("description"), str) else []
    for key in ("enum", "const"):
        values = schema.get(key, [])
        found += [v for v in (values if isinstance(values, list) else [values]) if isinstance(v, str)]
    properties = schema.get("properties")
    if isinstance(properties, dict):
        found += [f"{name} {_texts(value)}" for name, value in properties.items()]
    found += [_texts(schema[key]) for key in ("items", "anyOf", "oneOf", "allOf") if key in schema]
    return " ".join(found)


def main() -> int:
    if not FINDING.is_dir():
        print(f"no sets of queries at {FINDING}: nothing was measured")
        return 0
    spec = importlib.util.spec_from_file_location("evaluate", FINDING / "evaluate.py")
    assert spec and spec.loader
    evaluate = importlib.util.module_from_spec(spec)
    sys.modules["search_quality"] = sys.modules[__name__]
    spec.loader.exec_module(evaluate)
    asked = sys.argv[1:]
    if "--embed" in asked:
        at = asked.index("--embed")
        EMBED.append(asked.pop(at + 1))
        asked.pop(at)
    sys.argv = ["evaluate.py", "search_quality:make_search", *asked]
    evaluate.main()
    for name in asked or LEARNING:
        print_learning(evaluate, name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
