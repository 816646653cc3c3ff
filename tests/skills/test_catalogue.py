"""Skills in the index: found by all that they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.config.paths import Workspace
from codegen.search.query import search
from codegen.skills.catalogue import index_skills

SKILL = '''"""Written for the quarterly audit."""


def overdue(region: str, kind: "Literal['invoice', 'parcel']" = "invoice") -> list[str]:
    """Tell what is late.

    Counts reminders too, as bookkeeping asked for.

    Args:
        region: a county code
    """
    return [region, kind]
'''


@pytest.mark.parametrize(
    "query", ["overdue", "what is late", "bookkeeping", "county code", "region", "parcel", "quarterly audit"]
)
def test_a_skill_is_found_by_its_docstrings_and_parameters(tmp_path: Path, query: str) -> None:
    place = Workspace(tmp_path)
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "overdue.py").write_text(SKILL)
    index_skills(place)
    (hit,) = search(place.index, [query])[0].hits
    assert (hit.path, hit.summary) == ("skills.overdue", "Tell what is late.")
    assert hit.signature.endswith("# Tell what is late.")


def test_a_long_docstring_costs_its_end_alone(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    (tmp_path / "skills").mkdir()
    text = SKILL.replace("Counts", "Counts " + "and counts " * 1_000 + "zebras")
    (tmp_path / "skills" / "overdue.py").write_text(text)
    index_skills(place)
    assert search(place.index, ["late"])[0].hits
    assert not search(place.index, ["zebras"])[0].hits
