"""What every verb's command line has in common."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter

from codegen.config.paths import Workspace, find_workspace


def parser(verb: str, summary: str, *examples: str) -> ArgumentParser:
    """The parser of one verb: --help shows the examples, --workspace chooses where."""
    made = ArgumentParser(
        prog=f"codegen {verb}",
        description=summary,
        epilog="examples:\n" + "\n".join(f"  {example}" for example in examples),
        formatter_class=RawDescriptionHelpFormatter,
    )
    made.add_argument("--workspace", metavar="DIR", help="default: the nearest folder upwards with mcp.json")
    return made


def workspace(given: str | None) -> Workspace:
    """The workspace that --workspace names, or the current one. Raises WorkspaceError."""
    from pathlib import Path

    return find_workspace(Path(given) if given else None)
