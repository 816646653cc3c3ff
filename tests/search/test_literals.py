from __future__ import annotations

import pytest

from codegen.search.literals import without_literals


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("read /etc/hosts", "read file "),
        ("read 'data/report.csv' please", "read file csv please"),
        ("open https://example.com/a?b=c", "open url"),
        ("write to bob@example.com", "write to email"),
        ("add 15.5 and $100,000", "add  and "),
        ('find "red shoes"', 'find "red shoes"'),
        ("a version of github.create_issue", "a version of github.create_issue"),
        ("read and/or write", "read and/or write"),
        ("获取 天气", "获取 天气"),
        ("", ""),
    ],
)
def test_literals_become_their_kind(query: str, expected: str) -> None:
    assert without_literals(query) == expected
