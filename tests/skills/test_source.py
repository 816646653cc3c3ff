from __future__ import annotations

import pytest

from codegen.skills.source import summary


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two.", "One."),
        ("One\nline\n\nmore", "One line"),
        ("Uses v1.2 of it. More", "Uses v1.2 of it."),
        ("a\u202eb\x1b[31m\u200bc", "ab[31mc"),
        ("", ""),
    ],
)
def test_a_summary_is_one_clean_sentence(text: str, expected: str) -> None:
    assert summary(text) == expected


def test_a_long_summary_is_cut() -> None:
    assert len(summary("word " * 100)) <= 160
