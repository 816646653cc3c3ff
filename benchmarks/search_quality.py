"""Score the search on the sets of queries in ../shared/finding, when they are there.

    python benchmarks/search_quality.py [set ...]

Prints recall@1/5/10, nDCG@10 and milliseconds a query. The sets are not part of this repository (their licences are
their own); `make_search` is what their `evaluate.py` asks for.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from codegen.search.fields import Entry
from codegen.search.index import write_group
from codegen.search.query import search

FINDING = Path(__file__).resolve().parents[2] / "shared" / "finding"


def make_search(tools: list[dict[str, Any]]) -> Callable[[str, int], list[str]]:
    """An index of the tools in a temporary folder; found are their ids."""
    folder = tempfile.TemporaryDirectory()
    db = Path(folder.name) / "index.sqlite"
    servers: dict[str, list[dict[str, Any]]] = {}
    for tool in tools:
        servers.setdefault(tool["server"], []).append(tool)
    for server, members in servers.items():
        write_group(db, f"servers/{server}", [_entry(tool) for tool in members], "")

    def find(query: str, k: int) -> list[str]:
        assert folder  # the index lives as long as its search
        return [hit.signature for hit in search(db, [query], k=k)[0].hits] if query.strip() else []

    return find


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
    sys.argv = ["evaluate.py", "search_quality:make_search", *sys.argv[1:]]
    evaluate.main()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
