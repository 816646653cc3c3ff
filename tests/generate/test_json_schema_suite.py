"""JSON-Schema-Test-Suite, where it lies beside the repository: a type accepts what its schema accepts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from generate.suite import SUITE, Case, cases, reason, refused_by_ty, refused_when_run

pytestmark = pytest.mark.skipif(not SUITE.is_dir(), reason=f"no suite at {SUITE}")

EXCEPTIONS = Path(__file__).with_name("suite_exceptions.json")
"""The valid values that the types of tools refuse, each for one of three reasons: a schema without a type means what
its words are about; an object that doesn't say otherwise is closed; `1.0` is no integer. (`by ty`: not when run, where
pydantic takes 1.0 for a `Literal[1]`.)"""

LEAST_REFUSED = {"when run": 0.439, "by ty": 0.456}
"""The share of invalid values that the types of tools refuse. It is raised when they get better, never lowered."""


def known(way: str) -> list[str]:
    said = json.loads(EXCEPTIONS.read_text(encoding="utf-8"))
    return sorted(name for ways in said.values() for name in [*ways["always"], *ways.get(way, [])])


def names(found: Iterable[Case]) -> list[str]:
    return sorted(case.name for case in found if case.valid)


def share(found: Iterable[Case]) -> float:
    return sum(not case.valid for case in found) / sum(not case.valid for case in cases())


def test_read_by_the_letter_every_valid_value_is_accepted_when_run() -> None:
    assert names(refused_when_run(faithful=True)) == []


def test_read_by_the_letter_every_valid_value_is_accepted_by_ty(tmp_path: Path) -> None:
    found = refused_by_ty(tmp_path, faithful=True)
    assert names(found) == []
    assert found, "nothing was checked"


def test_read_as_tools_mean_it_only_known_values_are_refused_when_run() -> None:
    found = refused_when_run(faithful=False)
    assert names(found) == known("when run")
    assert share(found) > LEAST_REFUSED["when run"]


def test_read_as_tools_mean_it_only_known_values_are_refused_by_ty(tmp_path: Path) -> None:
    found = refused_by_ty(tmp_path, faithful=False)
    assert names(found) == known("by ty")
    assert share(found) > LEAST_REFUSED["by ty"]


def test_every_known_value_is_refused_for_the_reason_that_it_is_listed_under() -> None:
    said = json.loads(EXCEPTIONS.read_text(encoding="utf-8"))
    listed = {name: why for why, ways in said.items() for names in ways.values() for name in names}
    found = {case.name: reason(case) for case in cases() if case.name in listed}
    assert found == listed
