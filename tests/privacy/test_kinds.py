"""Personal data is found where it is, and numbers that only look like it are left alone."""

from __future__ import annotations

import pytest

from codegen.errors import ConfigError
from codegen.privacy.kinds import finders


def found(kind: str, text: str, region: str = "") -> list[str]:
    (find,) = finders([kind], {}, region).values()
    return [text[start:end] for start, end in find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail ada@example.com, or <b.c+d@sub.example.co.uk>.", ["ada@example.com", "b.c+d@sub.example.co.uk"]),
        ('{"to": "ada@example.com"}', ["ada@example.com"]),
        ("жанна@пример.рф", ["жанна@пример.рф"]),
        ("git@github.com:acme/site.git", ["git@github.com"]),
        ("@decorator, a@b, 3@4.5, user@host, x@localhost:80", []),
    ],
)
def test_email(text, expected):
    assert found("email", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("card 4111 1111 1111 1111.", ["4111 1111 1111 1111"]),
        ('{"card": "5555555555554444", "amex": "3782-822463-10005"}', ["5555555555554444", "3782-822463-10005"]),
        ("4111 1111 1111 1112", []),
        ("1764108345123456 0.4111111111111111 id-4111111111111111 x4111111111111111 41111111111111110", []),
        ("2026-11-25 22:41:45 and 0000000000000000", []),
    ],
)
def test_card(text, expected):
    assert found("card", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("to GB82 WEST 1234 5698 7654 32 AND more", ["GB82 WEST 1234 5698 7654 32"]),
        ("NO9386011117947,DE89370400440532013000", ["NO9386011117947", "DE89370400440532013000"]),
        ("GB83 WEST 1234 5698 7654 32", []),
        ("XX82WEST12345698765432 ABGB82WEST12345698765432", []),
    ],
)
def test_iban(text, expected):
    assert found("iban", text) == expected


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("ring +47 22 12 34 56, or +1 (415) 555-2671!", "", ["+47 22 12 34 56", "+1 (415) 555-2671"]),
        ("ring 22 12 34 56", "", []),
        ("ring 22 12 34 56 or 0047 22123456", "NO", ["22 12 34 56", "0047 22123456"]),
        ("(415) 555-2671", "US", ["(415) 555-2671"]),
        ("2026-11-25 10:00, 192.168.0.12, 3.14159265, 1764108345, +99 1", "NO", []),
    ],
)
def test_phone(text, region, expected):
    assert found("phone", text, region) == expected


def test_patterns_of_ones_own_come_first_and_take_linear_time():
    kinds = finders(["email"], {"TICKET": r"T-\d+", "SLOW": r"(a+)+b"}, "")
    assert list(kinds) == ["TICKET", "SLOW", "EMAIL"]
    assert list(kinds["TICKET"]("ü T-12 T-3")) == [(2, 6), (7, 10)]
    assert list(kinds["SLOW"]("a" * 100_000)) == []


@pytest.mark.parametrize("pattern", ["(?=x)", "(", "x*"])
def test_a_pattern_that_cannot_be_used_is_named(pattern):
    with pytest.raises(ConfigError, match=r"privacy\.patterns\.TICKET"):
        finders([], {"TICKET": pattern}, "")


def test_an_unknown_region_is_named():
    with pytest.raises(ConfigError, match="'ZZ'"):
        finders(["phone"], {}, "ZZ")


HOSTILE = ["a" * 50_000, "a." * 25_000, "a@" * 25_000, "1 " * 25_000, "1-" * 25_000, "+1" * 25_000, "(" * 50_000,
           "GB82" * 12_500, "GB82 " * 10_000, "a@" + "b." * 25_000, "4" * 50_000, "x@" + "b" * 50_000]  # fmt: skip


def test_hostile_texts_are_looked_through_all_the_same():
    kinds = finders(["email", "phone", "card", "iban"], {}, "NO")
    for text in HOSTILE:
        for find in kinds.values():
            for start, end in find(text):
                assert 0 < end - start < 400
