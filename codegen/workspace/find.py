"""Search and describe as functions: for programs, and for scripts, which the broker answers from outside the wall."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from codegen.config.paths import Workspace, find_workspace
from codegen.errors import UnknownToolError
from codegen.search.answer import Hit
from codegen.search.describe import described
from codegen.search.find import find


def search(query: str, k: int = 5, workspace: str | Path | None = None) -> list[Hit]:
    """The best `k` tools and skills for a query, best first.

    Raises UsageError for an empty query, WorkspaceError when there is no workspace or it was never synced.
    """
    if "CODEGEN_CHANNEL" in os.environ:
        return [Hit(*each) for each in _ask("search", {"query": query, "k": k})]
    return list(find(_place(workspace), [query], k=k)[0].hits)


def describe(name: str, workspace: str | Path | None = None) -> str:
    """The types, signature and text of a tool (`server.tool`) or skill (`skills.name`), or the list of a server.

    Raises UnknownToolError with the nearest name.
    """
    if "CODEGEN_CHANNEL" in os.environ:
        return str(_ask("describe", {"name": name}))
    place = _place(workspace)
    return described(place.root, place.index, name)


def _place(workspace: str | Path | None) -> Workspace:
    return find_workspace(workspace)


def _ask(kind: str, body: dict[str, object]) -> Any:
    from importlib import import_module

    reply = import_module("servers._client").ask(kind, body)
    if "error" in reply:
        raise UnknownToolError(reply["error"])
    return reply["value"]
