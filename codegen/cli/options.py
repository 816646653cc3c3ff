"""What every verb's command line has in common."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser, RawDescriptionHelpFormatter

from codegen.config.paths import Workspace, find_workspace
from codegen.errors import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

# Translating its messages makes argparse import `locale` and look for catalogues: 5 ms, a third of a whole search.
argparse._ = str  # type: ignore[attr-defined]


class _Formatter(RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=110)  # asking for the terminal's width imports shutil: 5 ms


class _Parser(ArgumentParser):
    """Names the option that is meant by one that isn't there, before anything else is missed."""

    behind = ""

    def parse_args(self, words: list[str], namespace: Any = None) -> Any:  # type: ignore[override]
        known = list(self._option_string_actions)
        for word in words[: words.index("--") if "--" in words else None]:
            name = word.partition("=")[0]
            if name.startswith("--") and " " not in name and not any(each.startswith(name) for each in known):
                self._refuse(word, nearest(name, known))
        arguments, left = self.parse_known_args(words, namespace)
        if left:
            self._refuse(next((word for word in left if word.startswith("-")), left[0]))
        return arguments

    def _refuse(self, word: str, meant: str = "") -> NoReturn:
        what = f"no option {word.partition('=')[0]}" if word.startswith("-") else f"{word!r} is one word too many"
        own = f"what the {self.behind} takes stands behind --: {self.prog} … -- {word}" if self.behind else ""
        self.error(f"{what}: {meant}" if meant else f"{what}; {own}" if own else what)


def parser(verb: str, summary: str, *examples: str, behind: str = "") -> ArgumentParser:
    """The parser of one verb: --help shows the examples, --workspace chooses where; `behind` is what takes the words
    behind `--`, which are not for the parser.
    """
    made = _Parser(
        prog=f"codegen {verb}",
        description=summary,
        epilog="examples:\n" + "\n".join(f"  {example}" for example in examples),
        formatter_class=_Formatter,
    )
    made.behind = behind
    made.add_argument("--workspace", metavar="DIR", help="default: the nearest folder upwards with mcp.json")
    return made


def workspace(given: str | None) -> Workspace:
    """The workspace that --workspace names, or the current one. Raises WorkspaceError."""
    return find_workspace(given)
