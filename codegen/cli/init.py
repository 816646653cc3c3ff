"""`codegen init`: a workspace from the template."""

from __future__ import annotations

from pathlib import Path

from codegen.cli import output
from codegen.cli.options import parser
from codegen.workspace.init import create


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
    output.line(f"workspace in {made.root}: {len(made.written)} files written")
    for name in made.kept:
        output.remark(f"! {name} was there and differs: left as it is")
    output.line("next: codegen add NAME -- command args…   (or codegen import PATH), then codegen sync")
    return 0
