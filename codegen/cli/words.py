"""The command lines of the verbs that an agent uses all day, read without argparse, whose import takes as long as they.

A line is declared once. Where its words are plain, as they nearly always are, they are read here; everything else
(help, mistakes, abbreviations, `--option=value`) is argparse's, which is made from the same declaration.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable
    from typing import Any, NoReturn


class Arguments:
    """What was given: an attribute for each option."""

    def __init__(self, **given: Any) -> None:
        self.__dict__.update(given)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


class Option:
    """One option, or the words that are none, said as `ArgumentParser.add_argument` takes it."""

    __slots__ = ("choices", "default", "how", "is_flag", "kind", "name", "nargs", "spellings")

    def __init__(self, *spellings: str, **how: Any) -> None:
        self.spellings, self.how = spellings, how
        self.name: str = how.get("dest") or spellings[-1].lstrip("-").replace("-", "_")
        self.nargs: str = how.get("nargs", "")
        self.is_flag = how.get("action") == "store_true"
        self.default = False if self.is_flag else how.get("default")
        self.kind: Callable[[str], object] = how.get("type", str)
        self.choices: list[str] | None = how.get("choices")

    def value(self, word: str) -> object:
        """Raises ValueError for one that it can't have."""
        value = self.kind(word)
        if self.choices and value not in self.choices:
            raise ValueError(word)
        return value


class Line:
    """The command line of one verb."""

    def __init__(self, verb: str, summary: str, examples: tuple[str, ...], *options: Option, behind: str = "") -> None:
        """`behind` is what takes the words behind `--`, which are not read here."""
        self._verb = verb
        self._behind = behind
        self._summary = summary
        self._examples = examples
        self._options = (Option("--workspace"), *options)

    def read(self, words: list[str]) -> Arguments:
        """What the words say. Help, and words that say nothing, end the command as argparse ends it."""
        try:
            return self._plain(words)
        except ValueError:
            return self._parser().parse_args(words, Arguments())

    def refuse(self, why: str) -> NoReturn:
        self._parser().error(why)

    def _plain(self, words: list[str]) -> Arguments:
        """Raises ValueError for words that aren't plain."""
        known = {spelling: option for option in self._options for spelling in option.spellings}
        given = {option.name: option.default for option in self._options}
        rest: list[str] = []
        ended, waiting = False, iter(words)
        for word in waiting:
            if not word.startswith("-") or word == "-":
                if ended:
                    raise ValueError(word)
                rest.append(word)
                continue
            ended = bool(rest)  # argparse takes only the first of several groups
            option = known[word] if word in known else _unknown(word)
            given[option.name] = True if option.is_flag else option.value(_value(next(waiting, "-")))
        for option in self._options:
            if option.nargs:
                given[option.name] = _words(option, rest)
        return Arguments(**given)

    def _parser(self) -> ArgumentParser:
        from codegen.cli.options import parser

        made = parser(self._verb, self._summary, *self._examples, behind=self._behind)
        for option in self._options[1:]:
            made.add_argument(*option.spellings, **option.how)
        return made


def _value(word: str) -> str:
    return _unknown(word) if word.startswith("-") else word


def _unknown(word: str) -> NoReturn:
    raise ValueError(word)


def _words(option: Option, given: list[str]) -> object:
    if option.nargs == "*" or (option.nargs == "+" and given):
        return given
    if option.nargs == "?" and len(given) <= 1:
        return given[0] if given else None
    raise ValueError(option.name)
