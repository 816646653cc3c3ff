"""`codegen init`: a workspace from the template."""

from __future__ import annotations

import shlex
from pathlib import Path

from codegen.cli import output
from codegen.cli.options import parser
from codegen.workspace.init import create, template


def main(words: list[str]) -> int:
    options = parser(
        "init",
        "Make a workspace. Files that exist are left as they are, but for lines added to .gitignore.",
        "codegen init tools",
        "codegen init .",
    )
    options.add_argument("folder", nargs="?", default=".", metavar="DIR")
    options.add_argument("--json", action="store_true", help="print JSON")
    arguments = options.parse_args(words)
    made = create(Path(arguments.folder))
    if arguments.json:
        output.document({"version": 1, "root": str(made.root), "written": [*made.written], "kept": [*made.kept]})
        return 0
    output.line(f"workspace in {made.root}: wrote {', '.join(made.written) or 'nothing'}")
    for name in made.kept:
        output.remark(f"! {name} was there and differs: left as it is")
    if "AGENTS.md" in made.kept:
        output.remark(
            f"  agents learn the way of working from it: cat {shlex.quote(str(template() / 'AGENTS.md'))} >> AGENTS.md"
        )
    output.line("next: codegen add NAME -- command args…   (or codegen import PATH), then codegen sync")
    return 0
