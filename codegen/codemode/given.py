"""What a program gives as `agent`: functions, pydantic-ai Agents and a workspace, alone or together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codegen.agents.pydantic_ai import is_agent
from codegen.config.paths import Workspace, find_workspace
from codegen.errors import UsageError


@dataclass(frozen=True, slots=True)
class Given:
    """The same, sorted."""

    functions: tuple[Callable[..., Any], ...] = field(hash=False)
    agents: tuple[Any, ...] = field(hash=False)
    workspace: Workspace | None


def sort(agent: object, workspace: Workspace | str | Path | None) -> Given:
    """Tell apart what was given. Raises UsageError for two workspaces and for what is none of these, WorkspaceError."""
    functions, agents, places = [], [], []
    for each in (*_flat(agent), *(() if workspace is None else (workspace,))):
        if isinstance(each, Workspace | str | Path):
            places.append(find_workspace(each.root if isinstance(each, Workspace) else Path(each).expanduser()))
        elif is_agent(each):
            agents.append(each)
        elif callable(each):
            functions.append(each)
        else:
            raise UsageError(
                f"codemode can't work with {type(each).__name__}",
                hint="give a pydantic-ai Agent, functions, a Workspace or its path, or a list of these",
            )
    if len({place.root for place in places}) > 1:
        raise UsageError("two workspaces are given", hint="one script runs in one")
    return Given(tuple(functions), tuple(agents), places[0] if places else None)


def _flat(given: object) -> Iterator[object]:
    if isinstance(given, Iterable) and not isinstance(given, str) and not callable(given):
        for each in given:
            yield from _flat(each)
    else:
        yield given
