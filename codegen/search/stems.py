"""Light stems: English first, and of German and Russian the endings that part one noun or verb from itself.

A wrong stem costs little, since index and query share it; a bold one makes two words of one. So only endings that are
safe without knowing the language are taken: `-ungen` is German, and no English word ends so.
"""

from __future__ import annotations

_GERMAN = ("ungen", "ionen", "heiten", "keiten", "chten", "nden", "eien", "gaben", "ressen", "tellen", "schen")
_RUSSIAN = tuple(
    """иями ями ами ыми ими ого его ому ему ться тся ешь ишь ете ите ует уют ает яет ают яют ала яла ило ила или ыла ать
    ять ить еть уть ах ях ов ев еи ои ии ыи ая яя ое ее ые ие ую юю ам ям ом ем ет ит ут ют ат ят ли ла ло ию ия
    а я о е у ю ы и ь""".split()  # noqa: SIM905, RUF001  # readable; Cyrillic
)
"""As words.py folds them, without the marks above letters. Longest first."""


def stem(word: str) -> str:
    """A light stem: plurals, -ing, -ed, -ion, -er, final e; Russian cases. Other words stay as they are."""
    if len(word) <= 3 or not word.isalpha():
        return word
    if word.isascii():
        return _latin(word)
    return _russian(word) if "а" <= word[0] <= "я" else word  # noqa: RUF001  # Cyrillic


def is_plural(word: str) -> bool:
    """Whether an English word is in the plural, by its form."""
    return len(word) > 3 and word.isascii() and _singular(word) != word


def _russian(word: str) -> str:
    for ending in _RUSSIAN:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _latin(word: str) -> str:
    if word.endswith(_GERMAN) and len(word) > 5:
        return word[:-2]
    word = _singular(word)
    size = len(word)
    if word.endswith("ing") and size > 5:
        word = _bare(word, 3)
    elif word.endswith("ed") and size > 4 and word[-3] != "e":
        word = _bare(word, 2)
    elif word.endswith(("tion", "sion")) and size > 7:
        word = word[:-3]
    elif word.endswith(("er", "or")) and size > 5:
        word = _bare(word, 2)
    elif word.endswith("ment") and size > 8:
        word = word[:-4]
    return word[:-1] if len(word) > 3 and word[-1] == "e" else word


def _singular(word: str) -> str:
    if word[-1] != "s" or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses", "zes")):
        return word[:-2]
    return word[:-1]


def _bare(word: str, suffix: int) -> str:
    """Without the suffix when a vowel stays (`string` keeps its own), and `planning` as `plan`."""
    base = word[:-suffix]
    if not any(letter in "aeiouy" for letter in base):
        return word
    doubled = len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz"
    return base[:-1] if doubled else base
