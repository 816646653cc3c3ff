"""`codegen init`: a workspace from the template, in a new folder or in a repository that is there."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from codegen.cli import output
from codegen.cli.options import parser
from codegen.workspace.init import SETTINGS, Change, create, template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from codegen.workspace.init import Made


def main(words: list[str]) -> int:
    options = parser(
        "init",
        "Make a workspace, also in a folder with files: before one of them is changed you are asked, and without a"
        " terminal it stays as it is. Run it again to renew what depends on this machine.",
        "codegen init tools",
        "codegen init .",
        "codegen init . --yes",
    )
    options.add_argument("folder", nargs="?", default=".", metavar="DIR")
    options.add_argument("--yes", action="store_true", help="change files that are there, too, without asking")
    options.add_argument("--json", action="store_true", help="print JSON")
    arguments = options.parse_args(words)
    made = create(Path(arguments.folder), lambda change: bool(arguments.yes) or _asked(change))
    if arguments.json:
        kept = [change.name for change in made.kept]
        output.document({"version": 1, "root": str(made.root), "written": [*made.written], "kept": [*kept]})
        return 0
    output.line(f"workspace in {made.root}: wrote {', '.join(made.written) or 'nothing'}")
    if made.confined:
        output.line("Claude Code's Bash sandbox is on here: the agent's commands reach only what codegen gives them")
    for change in made.kept:
        _tell(change, made)
    output.line("next: codegen add NAME -- command args…   (or codegen import PATH), then codegen sync")
    return 0


def _asked(change: Change) -> bool:
    """Whether the person at the terminal agrees; nobody there is a no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    output.write_remark(f"{change.name} is there: {change.does}? [y/N] ")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _tell(change: Change, made: Made) -> None:
    """What a person would do by hand."""
    output.remark(f"! {change.name} was left as it is; codegen would {change.does}: codegen init --yes, or by hand:")
    if change.name in {"AGENTS.md", SETTINGS}:
        ours, theirs = (shlex.quote(str(folder / change.name)) for folder in (template(), made.root))
        join = "cat {0} >> {1}" if change.name == "AGENTS.md" else "take over what {0} has more"
        output.remark(f"    {join.format(ours, theirs)}")
    else:
        before = (change.before or "").splitlines()
        for line in (line for line in change.after.splitlines() if line not in before):
            output.remark(f"    {line}")
