"""`codegen search`: several queries at once, a few call-ready lines."""

from __future__ import annotations

from codegen.cli import output
from codegen.cli.words import Line, Option
from codegen.config.paths import find_workspace

_LINE = Line(
    "search",
    "Find tools and skills by what they do. Several queries at once save turns.",
    (
        'codegen search "open an issue" "post a message"',
        'codegen search "late orders" -s shop -k 3 --detail brief',
    ),
    Option("query", nargs="+"),
    Option("-k", type=int, default=5, metavar="N", help="hits for each query (default 5)"),
    Option("-s", "--server", metavar="NAME", help="look in one server alone"),
    Option("--detail", choices=["path", "brief", "sig", "full"], default="sig"),
    Option("--json", action="store_true", help="print JSON"),
)


def main(words: list[str]) -> int:
    arguments = _LINE.read(words)
    place = find_workspace(arguments.workspace)

    from codegen.search.answer import as_json, render
    from codegen.search.query import search

    answers = search(place.index, arguments.query, k=arguments.k, server=arguments.server)
    if arguments.json:
        output.document(as_json(answers))
        return 0
    from codegen.search.describe import text_of

    for line in render(answers, detail=arguments.detail, full=lambda hit: text_of(place.root, hit)):
        output.line(line)
    return 0
