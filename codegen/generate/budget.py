"""What text costs those who read it, and cutting it to that."""

from __future__ import annotations

import re
from collections.abc import Iterable

from codegen.generate.literals import cut

SLACK = 12
"""Bytes."""

_OPEN = re.compile(
    r"(?:\s*[(\[](?:e\.g\.|i\.e\.|such as|like)?[,:]?|\s+(?:e\.g\.|i\.e\.|such as|the|an?|of|to|or|and))…$"
)
_END = re.compile(r"[.!?。！？](?:(?=\s)|(?<=[。！？]))")  # noqa: RUF001

# One match is about one token of o200k or a little less: words in pieces, three digits, two marks, non-ASCII singly.
_OTHERS = r"[A-Z]{1,3}|[0-9]{1,3}|[!-/:-@\[-`{-~]{1,2})|[\u00a0-\u0e7f]{1,2}|\S|\s{2,}"
_ENGLISH = re.compile(r" ?(?:[A-Z]?[a-z]{1,7}|" + _OTHERS)
_FOREIGN = re.compile(r" ?(?:[A-Z]?[a-z]{1,3}|" + _OTHERS)
_RARE = re.compile(
    r"[\u0e80-\u10ff\u1100-\u1fff\u2070-\u2e7f\ud800-\U0010ffff]|[\u0300-\u036f\u0591-\u05c7\u064b-\u065f]"
)
_COMMON_WORDS = frozenset("the and with from by this that get list create delete update search".split())  # noqa: SIM905
"""The first that are looked for, alone: most texts have one."""
_COMMON = re.compile(
    r"(?i)\b(?:the|and|with|from|by|this|that|its|into|your|what|how|when|one|get|list|create|delete|update|search|using"
    r"|read|new|about|against|between|within|quickly|manage|generate|retrieves?|creates|updates|deletes|returns|lists|shows"
    r"|(?:to|for|of|in|as|at) an?)\b|^[a-z]+ an [a-z]"
)
_LATIN = re.compile(r"[a-z]{2} [a-z]{2}")
_ACCENTED = re.compile(r"[\u00c0-\u024f]")


def width(text: str) -> int:
    """Bytes of UTF-8: the measure under which 160 of them are as much to read in Chinese as in English."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def is_english(text: str) -> bool:
    """Whether its words in Latin letters are probably tokens of their own: models were taught English first."""
    if not text.isascii() and _ACCENTED.search(text):
        return False
    if not _COMMON_WORDS.isdisjoint(text.lower().split()):
        return True
    return _COMMON.search(text) is not None or not _LATIN.search(text)


def tokens(text: str, *, english: bool = True) -> int:
    """At most how many tokens a line is to a model: a careful guess, more often some too many than one too few."""
    pieces = len((_ENGLISH if english else _FOREIGN).findall(text)) if text else 0
    return pieces if text.isascii() else pieces + 2 * len(_RARE.findall(text))


def shortened(text: str, limit: int) -> str:
    """Some `limit` bytes, the last character `…` when more were left off; whole sentences where half of it is some.

    A few bytes more are left whole: cutting off a last word or two costs more than it saves.
    """
    if len(text) * 3 <= limit or width(text) <= limit + SLACK:
        return text
    head = text.encode("utf-8", "replace")[: limit - 3].decode("utf-8", "ignore")
    ends = [each.end() for each in _END.finditer(head, len(head) // 2)]
    return f"{head[: ends[-1]]} …" if ends else _closed(cut(text, len(head)))


def _closed(text: str) -> str:
    """A text that was cut, without what would only have led to more."""
    found = _OPEN.search(text, max(0, len(text) - 24))
    return f"{text[: found.start()].rstrip()}…" if found else text


def level(widths: Iterable[int], budget: int, least: int) -> int:
    """The one limit under which texts together keep to a budget, the short ones whole; never under `least`."""
    ordered = sorted(widths)
    for at, each in enumerate(ordered):
        share = budget // (len(ordered) - at)
        if each > share:
            return max(share, least)
        budget -= each
    return max(budget, least, *ordered[-1:])


def within(text: str, limit: int, *, english: bool = True) -> str:
    """At most `limit` tokens, as `tokens` counts them; the last character `…` when some were left off."""
    left = limit
    last = 0  # where the text may be cut: a token is kept for the ellipsis
    for piece in (_ENGLISH if english else _FOREIGN).finditer(text):
        left -= 1 if text.isascii() else tokens(piece[0])
        if left < 0:
            return cut(f"{text} ", last + 1 + text.startswith(" ", last))
        last = piece.end() if left else last
    return text
