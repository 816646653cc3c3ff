"""A look at what a call of codemode leaves behind: nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from runtime.test_broker import brokers


@pytest.fixture(autouse=True)
def nothing_left(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Every task's folder and broker are gone when its call returns."""
    folder = tmp_path_factory.mktemp("made")
    seen: list[Path] = []
    made: Callable[..., str] = tempfile.mkdtemp

    def mkdtemp(*words: Any, **named: Any) -> str:
        place = made(*words, **{**named, "dir": folder})
        seen.append(Path(place).resolve())
        return place

    monkeypatch.setattr(tempfile, "mkdtemp", mkdtemp)
    yield folder
    assert list(folder.iterdir()) == []
    assert [pid for place in seen for pid in brokers(place)] == []
