"""What generated files cost: seconds to make them, tokens to read them.

    python benchmarks/generator.py [ROUNDS]

Seconds: 1,000 tools, spread over the corpus, from definitions in memory to texts in memory: modules, each parsed back
and held against its tool, READMEs and `__init__.py`. What else a sync does is measured by sync_time.py. It is CPU time,
which other programs on the machine disturb least. The process is warm, but each round has another thousand as long as
the corpus lasts. An interpreter built without profile-guided optimisation, as pyenv's are, takes a quarter longer than
one with it, as Debian's. Beside it what `ast.parse` alone costs for the same modules: no check that parses is below
that. And datamodel-code-generator, which is given the same input schemas, writes TypedDicts, and formats and checks
nothing (its fastest settings, in this process, warmed). All take turns. It is heavy and so not among the development
tools: `make bench` installs it into .cache/bench; without it the rest is measured.

Tokens, as o200k counts them: a mean module beside the mean of the tools' own JSON, and the lines of the READMEs.
"""

from __future__ import annotations

import ast
import contextlib
import gzip
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from bpe_openai import get_encoding
from measure import ROOT, against, milliseconds, ratio, table

from codegen.generate.package import Package, generate_package
from codegen.model import Catalogue, ServerInfo, Tool

CORPUS = ROOT.parent / "shared" / "corpora" / "tools.jsonl.gz"
PEER = ROOT / ".cache" / "bench"
COUNT = 1_000
OWN = ("name", "title", "description", "inputSchema", "outputSchema", "annotations")
"""What a client that loads the definitions would put before a model."""


def main(rounds: int) -> None:
    tools, source, real = read_tools()
    print(f"{len(tools)} tools {source}; {COUNT} of them timed")
    seconds(tools, rounds)
    tokens(packages(catalogues(tools)), real=real)


def read_tools() -> tuple[list[Tool], str, bool]:
    """The real ones of the corpus when it is there; else the bundled server's and the golden ones, again and again."""
    if CORPUS.exists():
        with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
            return [_tool(json.loads(line)) for line in lines], f"of {CORPUS.name}", True
    shop = json.loads((ROOT / "servers" / "shop" / ".catalogue.json").read_text(encoding="utf-8"))
    found = [("shop", wire) for wire in shop["tools"]]
    for path in sorted((ROOT / "tests" / "golden").glob("*/tools.json")):
        found += [(path.parent.name, wire) for wire in json.loads(path.read_text(encoding="utf-8"))["tools"]]
    made = [
        Tool(f"{server}{turn}", wire["name"], wire) for turn in range(COUNT // len(found) + 1) for server, wire in found
    ]
    return made[:COUNT], "of the bundled server and the golden files, repeated: the corpus is not here", False


def _tool(row: dict[str, Any]) -> Tool:
    return Tool(row["server"], row["name"], {key: row[key] for key in OWN if row.get(key) is not None})


def catalogues(tools: Iterable[Tool]) -> list[Catalogue]:
    """By server, each name once."""
    servers: dict[str, dict[str, Tool]] = {}
    for tool in tools:
        servers.setdefault(tool.server, {}).setdefault(tool.name, tool)
    return [Catalogue(ServerInfo(name), tuple(members.values())) for name, members in servers.items()]


def packages(wanted: Iterable[Catalogue]) -> list[Package]:
    return [generate_package(catalogue) for catalogue in wanted]


def seconds(tools: list[Tool], rounds: int) -> None:
    peer = _peer()
    ours: list[float] = []
    parsing: list[float] = []
    theirs: list[float] = []
    for turn in range(rounds + 1):  # the first warms up
        some = [tools[(at * len(tools) // COUNT + turn) % len(tools)] for at in range(COUNT)]
        wanted = catalogues(some)
        made: list[Package] = []
        spent = _timed(lambda wanted=wanted, made=made: made.extend(packages(wanted)))
        texts = [module.text for package in made for module in package.modules]
        parsed = _timed(lambda texts=texts: _parse(texts))
        other = _timed(lambda some=some: peer(some)) if peer else 0.0
        if turn:
            ours.append(spent * COUNT / len(texts))  # a server's name that comes twice is one tool
            parsing.append(parsed * COUNT / len(texts))
            theirs.append(other)
    rows = [[f"{COUNT} tools, parsed back and checked", milliseconds(ours)]]
    rows.append(["of which ast.parse, about", milliseconds(parsing)])
    if peer:
        rows.append(["datamodel-code-generator, input schemas alone", milliseconds(theirs)])
        rows.append(["ratio", against(ratio(ours, theirs), 0.2)])
    else:
        rows.append(["datamodel-code-generator", "not installed: uv pip install --target .cache/bench --group bench"])
    rows.append(["seconds, fastest", _held(min(ours), 0.3)])
    table(f"ms of CPU, median (fastest-slowest) of {rounds} rounds", rows)


def _parse(texts: Iterable[str]) -> None:
    for text in texts:
        ast.parse(text)


def _timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _peer() -> Callable[[list[Tool]], None] | None:
    """One call a schema, all settings made up front; None where it isn't installed."""
    sys.path.append(str(PEER))  # last: what both need is ours
    try:
        import datamodel_code_generator as peer
        from datamodel_code_generator.config import GenerateConfig
    except ImportError:
        return None
    config = GenerateConfig(
        input_file_type=peer.InputFileType.JsonSchema,
        output_model_type=peer.DataModelType.TypingTypedDict,
        formatters=[],
        disable_timestamp=True,
    )

    def generate(tools: list[Tool]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for tool in tools:
                with contextlib.suppress(Exception):  # whatever it is, it is theirs, and the next schema is due
                    peer.generate(tool.input_schema, config=config)

    return generate


def tokens(made: list[Package], *, real: bool) -> None:
    """The golden tools are small and odd, so only real ones are held to the ratio."""
    encoding = get_encoding("o200k_base")

    def count(text: str) -> int:
        return len(encoding.encode(text))

    modules = [module for package in made for module in package.modules]
    texts = [count(module.text) for module in modules]
    wires = (module.tool.wire for module in modules)
    own = [count(_compact({key: wire[key] for key in OWN if key in wire})) for wire in wires]
    lines = sorted(
        count(line) for package in made for line in package.files["README.md"].splitlines() if line.startswith("- ")
    )
    cost = statistics.mean(texts) / statistics.mean(own)
    rows = [
        ["mean module", f"{statistics.mean(texts):.1f}"],
        ["mean of the tools' own JSON", f"{statistics.mean(own):.1f}"],
        ["ratio", against(cost, 0.75) if real else f"{cost:.2f}x"],
        ["README line: mean, p99", f"{statistics.mean(lines):.1f}, {lines[int(0.99 * len(lines))]}"],
        ["README line: longest", _held(lines[-1], 45)],
    ]
    table("tokens (o200k)", rows)


def _held(value: float, most: float) -> str:
    return f"{value:.3g} (target <= {most:g}: {'met' if value <= most else 'MISSED'})"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
