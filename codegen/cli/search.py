"""`codegen search`: several queries at once, a few call-ready lines."""

from __future__ import annotations

from codegen.cli import output
from codegen.cli.indexed import indexed
from codegen.cli.words import Line, Option
from codegen.config.paths import find_workspace

_LINE = Line(
    "search",
    "Find tools and skills by what they do. Several queries at once save turns.",
    (
        'codegen search "open an issue" "post a message"',
        'codegen search "late orders" -s shop -k 3 --detail brief',
        "codegen search --forget      (what earlier searches and runs have taught)",
    ),
    Option("query", nargs="*"),
    Option("-k", type=int, default=5, metavar="N", help="hits for each query (default 5)"),
    Option("-s", "--server", metavar="NAME", help="look in one server alone"),
    Option("--detail", choices=["path", "brief", "sig", "full"], default="sig"),
    Option("--json", action="store_true", help="print JSON"),
    Option("--forget", action="store_true", help="forget which tools earlier searches led to"),
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from codegen.config.paths import Workspace


def main(words: list[str]) -> int:
    arguments = _LINE.read(words)
    place = find_workspace(arguments.workspace)
    if arguments.forget:
        return _forget(place, arguments.query)
    if not arguments.query:
        _LINE.refuse("say what you want to do")

    from codegen.search.answer import as_json, render
    from codegen.search.find import find

    answers = indexed(place, lambda: find(place, arguments.query, k=arguments.k, server=arguments.server))
    if arguments.json:
        output.document(as_json(answers))
        return 0
    from codegen.search.describe import text_of

    for line in render(answers, detail=arguments.detail, full=lambda hit: text_of(place.root, hit)):
        output.line(line)
    return 0


def _forget(place: Workspace, queries: list[str]) -> int:
    if queries:
        from codegen.errors import UsageError

        raise UsageError("--forget takes no query", hint="it forgets all that was learned: codegen search --forget")
    from codegen.search.remember import forget

    count = forget(place.uses, place.searches)
    output.line(f"forgot {count} use{'' if count == 1 else 's'}" if count else "nothing was learned yet")
    return 0
