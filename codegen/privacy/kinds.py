"""What counts as personal data, and where it stands in a text. Every match is checked, so that mere numbers stay.

All patterns take a time that grows with the text alone: the built-in ones repeat nothing without a limit, those of
codegen.toml run in RE2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from codegen.errors import ConfigError
from codegen.extras import install

Span = tuple[int, int]
Find = Callable[[str], Iterator[Span]]
"""The places of one kind of data in a text, in order, none within another."""

_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])")
_CARD = re.compile(r"(?<![\w.,+-])\d(?:[ -]?\d){11,18}(?![\w-]|\.\d)")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d\d(?: ?[A-Z0-9]){11,30}")
_PHONE = re.compile(r"(?<![\w.,+-])[+(\d][\d ().\-/]{5,24}\d(?![\w-]|\.\d)")
_PHONE_ABROAD = re.compile(r"(?<![\w.,+-])\+[\d ().\-/]{5,24}\d(?![\w-]|\.\d)")

_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|(?:6011|65\d\d|64[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|62\d{14,17}"
)
"""Beginnings and lengths that issuers use (ISO/IEC 7812): one of ten numbers has a right check digit by chance."""

_LENGTHS = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
"""Countries by the characters of their IBANs (SWIFT's registry)."""

_IBAN_LENGTHS = {country: length for length, countries in _LENGTHS.items() for country in countries.split()}


def finders(kinds: Sequence[str], patterns: Mapping[str, str], region: str) -> dict[str, Find]:
    """How each kind is found, by the name its tokens have: the writer's own first, then IBANs, cards, phones, e-mail.

    `region` ("NO") is where phone numbers without a country are from; without it only those with one are found.
    Raises ConfigError for a pattern that RE2 can't take, and where a package is missing.
    """
    found = {name.upper(): _of_pattern(name, pattern) for name, pattern in patterns.items()}
    if "phone" in kinds:
        found["PHONE"] = _phones(region)
    return {**found, **{kind.upper(): find for kind, find in _BUILT_IN.items() if kind in kinds}}


def _emails(text: str) -> Iterator[Span]:
    return (match.span() for match in _EMAIL.finditer(text)) if "@" in text else iter(())


def _cards(text: str) -> Iterator[Span]:
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if _ISSUERS.fullmatch(digits) and _luhn(digits):
            yield match.span()


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(each - 9 if each > 9 else each for each in doubled)) % 10 == 0


def _ibans(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(match[0][:2], 99)
        end = match.start()
        while length and end < match.end():
            length -= text[end] != " "
            end += 1
        if not length and not text[end : end + 1].isalnum() and _is_iban(match[0][: end - match.start()]):
            yield match.start(), end


def _is_iban(said: str) -> bool:
    """ISO 13616: the whole, its beginning put last and letters as numbers, leaves 1 when divided by 97."""
    plain = said.replace(" ", "")
    return int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


_BUILT_IN: Mapping[str, Find] = {"iban": _ibans, "card": _cards, "email": _emails}


def _phones(region: str) -> Find:
    try:
        import phonenumbers
    except ImportError:
        raise _missing("phone numbers", "phonenumbers") from None
    if region and region not in phonenumbers.SUPPORTED_REGIONS:
        raise ConfigError(f"`privacy.region` is {region!r}", hint='expected a country such as "NO" or "US"')

    pattern = _PHONE if region else _PHONE_ABROAD

    @lru_cache(10_000)
    def within(candidate: str) -> tuple[Span, ...]:
        found = phonenumbers.PhoneNumberMatcher(candidate, region or None)
        return tuple((each.start, each.end) for each in found)

    def find(text: str) -> Iterator[Span]:
        for match in pattern.finditer(text):
            for start, end in within(match[0]):
                yield match.start() + start, match.start() + end

    return find


def _of_pattern(name: str, pattern: str) -> Find:
    try:
        import re2  # type: ignore[import-untyped]
    except ImportError:
        raise _missing("patterns of your own", "google-re2") from None
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else error
        raise ConfigError(f"`privacy.patterns.{name}` is no pattern of RE2: {said}") from None
    if compiled.search(""):
        raise ConfigError(f"`privacy.patterns.{name}` matches a text of nothing", hint="let it need a character")
    return lambda text: (match.span() for match in compiled.finditer(text))


def _missing(what: str, package: str) -> ConfigError:
    return ConfigError(f"[privacy] needs the package {package} to find {what}", hint=install("privacy"))
