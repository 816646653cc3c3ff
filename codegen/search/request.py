"""What a request asks for and what a tool does: to look, or more than that; at one thing, or at several.

English says it by form. A question, and a thing named without a verb (`commits of a branch`), ask to look. A word in
the form of a command may ask for itself (`commit`), one in another form names a thing (`commits`, `cancelled`).
"""

from __future__ import annotations

from itertools import dropwhile, takewhile

from codegen.search.stems import is_plural, stem
from codegen.search.synonyms import actions, does
from codegen.search.words import STOP_WORDS, terms, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from typing import NamedTuple

    from codegen.model import Effect

    class Request(NamedTuple):
        """`looks`: it asks for no more than to look. `verbs` are the stems it may command, with what means the same.

        `numbers` are those each stem has in it: True is the plural.
        """

        looks: bool
        verbs: AbstractSet[str]
        numbers: Mapping[str, AbstractSet[bool]]

else:
    from collections import namedtuple

    Request = namedtuple("Request", "looks verbs numbers")

ASKING = frozenset("is are was were does did has have what which who whose where when why".split())  # noqa: SIM905  # readable
DESTROYING = frozenset({"delet", "remov", "eras", "drop", "destroy", "clear", "purg", "trash", "wip", "uninstall"})
"""Stems of the verbs by which a tool is known to destroy where its server gives no hint."""
UNASKED = 0.5
"""What is left of the score of a tool that does more than was asked for, where its server says that it does."""
SEEMING = 0.7
"""And where only its name says so."""
OTHER_NUMBER = 0.9
"""What is left when a word of the name was asked for in the other number: `my tasks` is not get_task."""


def read_request(text: str, own: Mapping[str, tuple[str, ...]]) -> Request:
    """Reads a request that is without its literals; `own` are a workspace's synonyms."""
    found = list(words(text))
    commanded = {stem(word) for word in found if _may_command(word)}
    alike = {other for term in commanded for other in (*actions(term), *own.get(term, ()))}
    numbers: dict[str, set[bool]] = {}
    for word in found:
        numbers.setdefault(stem(word), set()).add(is_plural(word))
    return Request(_looks(found), commanded | alike, numbers)


def agreement(name: str, effect: Effect, request: Request) -> float:
    """What part of its score a tool keeps: "late orders" shall offer to list some before it offers to delete one."""
    named = terms(name)
    share = 1.0 if _is_asked_for(named, effect, request) else SEEMING if effect in ("reads", "unknown") else UNASKED
    for term, word in zip(named, words(name), strict=True):
        if term in request.numbers and is_plural(word) not in request.numbers[term]:
            return share * OTHER_NUMBER
    return share


def _is_asked_for(named: list[str], effect: Effect, request: Request) -> bool:
    """Whether a tool only looks, or the request has a verb for what it does, or at least for some such thing.

    What destroys needs that verb in any request. The verb of a name comes first, behind a prefix, or last
    (`create_issue`, `git_create_branch`, `project-create`).
    """
    verb = next((term for term in (*named[:2], *named[-1:]) if does(term) is not None), "")
    destroying = DESTROYING.intersection(named[:2])
    more = effect in ("writes", "destructive") or does(verb)
    if not destroying and not (more and request.looks):
        return True
    return not request.verbs.isdisjoint(destroying or ([verb] if verb else named[:2]))


def _looks(found: list[str]) -> bool:
    """Whether a request asks to look: a question, a verb of looking, or a thing without a verb.

    A thing is known by its plural, or by the `of` behind it; `archive the card` has neither.
    """
    first, second, *_ = [*found[:2], "", ""]
    if first in ASKING or (first == "how" and second in ("many", "much", "long", "often")):
        return True
    telling = list(dropwhile(STOP_WORDS.__contains__, found))
    head = list(takewhile(lambda word: word not in STOP_WORDS, telling))
    if not head:
        return False
    more = does(stem(head[0])) if _may_command(head[0]) else None
    if more is not None:
        return not more
    return is_plural(head[-1]) or telling[len(head) : len(head) + 1] == ["of"]


def _may_command(word: str) -> bool:
    return not is_plural(word) and not word.endswith("ed")
