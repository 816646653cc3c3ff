"""What a server's text says that names and types beside it say already."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from codegen.generate.literals import literal
from codegen.model import JsonSchema

LONGEST_ECHO = 80

_LEAD = re.compile(r"(?i)\(?\boptional[.:)]\s*|(?:an? )?optional\s+(?=[a-z])|(?:specif(?:y|ies)|indicates?) (?=the )")
_LEADING = frozenset("(oOaAsSiI")
"""What that begins with: most texts don't."""

_ASIDE = re.compile(r"(?i)\s*[(\[]optional[)\]]|, optional(?=\.?$)")
_ARTICLE = re.compile(r"(?:The|An?) (?=[A-Za-z]+ (?:ID |name |number )?(?:of|for|to)\b)")
_DEFAULT = re.compile(
    r"[\s,;]*[(\[]?\s*\b[Dd]efault(?:s|ing)?(?: value)?(?: is| to|:|=)? *"
    r"([`'\"]*)([^\s`'\"(),;]+?)\1[)\]]?(?=[.,;]?$|\. )"
)
_NAMED = re.compile(
    r"[\s(\[,:.-]*(?:\b(?:must be|can be|should be|one of|either|any of|options?|values?|valid|allowed|supported|"
    r"accepted|available|possible|choices?|is|are|as)\b[\s:(\[]*)+['\"`]*$|[\s(\[:'\"`-]+$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"['\"`]*(?:\s*(?:[,|/]|\bor\b|\band\b|&))*\s*['\"`]*")
_ALONE, _CLOSED = re.compile(r"(?<!\w)"), re.compile(r"(?!\w)['\"`]*[)\]]?")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_FILLER = frozenset(
    """
    the a an of to for in on by with and or is are be this that from as at it its which whose your
    you use used using whether identifier unique value string integer boolean list array text optional
    specific specified given provided get retrieve fetch human readable
    """.split()  # noqa: SIM905
)
_KINDS = frozenset("id uuid uid gid guid name number url uri path slug key email date time index count".split())  # noqa: SIM905
"""Words that say what of a thing is wanted: only the name itself may stand for them."""


def without_echo(text: str, schema: JsonSchema) -> str:
    """A description without "optional", the default and the choices: the signature has them."""
    if text[:1] in _LEADING and (lead := _LEAD.match(text)):
        text = text[lead.end() :]
    if "ptional" in text:
        text = _ASIDE.sub("", text)
    if "efault" in text and isinstance(schema.get("default"), (str, int, float)):
        text = _without_default(text, literal(schema["default"]).strip('"'))
    choices = schema.get("enum")
    if isinstance(choices, list) and 1 < len(choices) <= 20 and all(isinstance(each, str) and each for each in choices):
        text = _without_choices(text, choices)
    article = _ARTICLE.match(text) if text[:1] in {"T", "A"} else None
    return text[article.end() :] if article else text


def is_echo(text: str, name: str, context: str) -> bool:
    """Whether a short text says no word that isn't in the name beside it or, when some are, in `context`."""
    if len(text) > LONGEST_ECHO or not text.isascii():
        return False
    own, stems = _stems(name)
    echoed, alone = False, True
    for found in _WORD.finditer(text):  # most end at one of the first
        word = _singular(found[0])
        if word in own or word.startswith(stems):
            echoed = True
        elif word not in _FILLER:
            if word in _KINDS or word not in context.lower() or word not in words(context):
                return False
            alone = False
    return alone or echoed


@lru_cache(maxsize=2048)
def _stems(name: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """The words of a name, and those that others may begin with: `repository` is said by `repo`."""
    own = words(name)
    return own, tuple(each for each in own if len(each) > 3)


@lru_cache(maxsize=2048)
def words(text: str) -> frozenset[str]:
    """The words of a text or a name, in small letters and the singular."""
    return frozenset(map(_singular, _WORD.findall(text)))


@lru_cache(maxsize=4096)
def _singular(word: str) -> str:
    word = word.lower()
    return word[:-1] if len(word) > 3 and word[-1] == "s" else word


def _without_default(text: str, default: str) -> str:
    same = default.lower().removesuffix(".0")
    for each in _DEFAULT.finditer(text):
        if each[2].lower().removesuffix(".0") == same:
            before, after, gone = text[: each.start()].rstrip("."), text[each.end() :], each[0]
            return (before + ")" * (gone.count(")") - gone.count("(")) + after).strip()
    return text


def _without_choices(text: str, choices: list[str]) -> str:
    """Without the list of all choices, where it is no more than that: what is said about one of them stays."""
    lower = text.lower()
    if not all(each.lower() in lower for each in choices):
        return text
    listed = _listed(lower, [each.lower() for each in choices]) if len(lower) == len(text) else None
    if listed is None:
        return text
    before, after = _NAMED.sub("", text[: listed[0]]), text[listed[1] :]
    return (before + after).lstrip(" .,;:").rstrip()


def _listed(text: str, choices: list[str]) -> tuple[int, int] | None:
    """From where to where a text is the choices in their order, with no more than marks, `or` and `and` between."""
    start = text.find(choices[0])
    while start >= 0:
        at = start if _ALONE.match(text, start) else -1
        for last, following in pairwise(choices):
            at = _after(text, at + len(last), following) if at >= 0 else -1
        closed = _CLOSED.match(text, at + len(choices[-1])) if at >= 0 else None
        if closed is not None:
            return start, closed.end()
        start = text.find(choices[0], start + 1)
    return None


def _after(text: str, end: int, choice: str) -> int:
    """Where the choice after one that ends here begins; -1 where something else comes. It may be called `or` itself."""
    between = _BETWEEN.match(text, end)
    at = text.rfind(choice, end, between.end() + len(choice)) if between else -1
    return at if at >= 0 and _BETWEEN.fullmatch(text, end, at) else -1
