"""Commands that read the index: where it can't be used it is made anew first, and the command goes on."""

from __future__ import annotations

from codegen.cli import output
from codegen.config.paths import Workspace
from codegen.errors import WorkspaceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    _Found = TypeVar("_Found")


def indexed(place: Workspace, look: Callable[[], _Found]) -> _Found:
    """What `look` gives. Raises WorkspaceError when there is nothing to index."""
    try:
        return look()
    except WorkspaceError:
        if not any(place.servers.glob("*/.catalogue.json")):
            raise
    from codegen.skills.catalogue import (
        index_skills,
    )  # a generator and a parser of Python: seconds that are rarely spent
    from codegen.workspace.reindex import reindex

    output.remark("codegen: the search index can't be used; it is written anew from servers/ and skills/")
    reindex(place)
    index_skills(place)
    return look()
