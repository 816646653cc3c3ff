"""What every verb's command line has in common."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser, RawDescriptionHelpFormatter

from codegen.config.paths import Workspace, find_workspace

# Translating its messages makes argparse import `locale` and look for catalogues: 5 ms, a third of a whole search.
argparse._ = str  # type: ignore[attr-defined]


class _Formatter(RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=110)  # asking for the terminal's width imports shutil: 5 ms


def parser(verb: str, summary: str, *examples: str) -> ArgumentParser:
    """The parser of one verb: --help shows the examples, --workspace chooses where."""
    made = ArgumentParser(
        prog=f"codegen {verb}",
        description=summary,
        epilog="examples:\n" + "\n".join(f"  {example}" for example in examples),
        formatter_class=_Formatter,
    )
    made.add_argument("--workspace", metavar="DIR", help="default: the nearest folder upwards with mcp.json")
    return made


def workspace(given: str | None) -> Workspace:
    """The workspace that --workspace names, or the current one. Raises WorkspaceError."""
    return find_workspace(given)
