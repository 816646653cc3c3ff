"""What a server's text says that names and types beside it say already."""

from __future__ import annotations

import re
from functools import lru_cache

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
_BETWEEN = r"['\"`]*(?:\s*(?:[,|/]|\bor\b|\band\b|&))*\s*['\"`]*"
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
    echoed, others = _beside(text, name)
    return not others or (echoed and not others & _KINDS and others <= words(context))


@lru_cache(maxsize=8192)
def _beside(text: str, name: str) -> tuple[bool, frozenset[str]]:
    """Whether a text repeats the name, and the words that it says besides."""
    own = words(name)
    stems = tuple(each for each in own if len(each) > 3)  # `repository` is said by `repo`
    others, echoed = set(), False
    for word in map(_singular, _WORD.findall(text)):
        if word in own or word.startswith(stems):
            echoed = True
        elif word not in _FILLER:
            others.add(word)
    return echoed, frozenset(others)


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
    listed = re.search(r"(?i)(?<!\w)" + _BETWEEN.join(map(re.escape, choices)) + r"(?!\w)['\"`]*[)\]]?", text)
    if listed is None:
        return text
    before, after = _NAMED.sub("", text[: listed.start()]), text[listed.end() :]
    return (before + after).lstrip(" .,;:").rstrip()
