"""Search in a workspace: with its own synonyms and what earlier uses taught, and noted for the run that may follow."""

from __future__ import annotations

from codegen.search.query import search
from codegen.search.uses import note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.config.paths import Workspace
    from codegen.search.answer import Answer


def find(place: Workspace, queries: Sequence[str], *, k: int = 5, server: str | None = None) -> list[Answer]:
    """What query.search gives, and raises, for a workspace."""
    answers = search(place.index, queries, k=k, server=server, synonyms_file=place.synonyms, uses=place.uses)
    note(place.searches, answers)
    return answers
