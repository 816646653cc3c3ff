"""Which backend does a task."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from codegen.agents.callable import callable_model
from codegen.agents.loop import converse
from codegen.agents.task import Answer, Backend, Task
from codegen.agents.workbench import Workbench
from codegen.errors import UsageError
from codegen.extras import install

NAMED = {"claude-code": "claude_model", "anthropic": "anthropic_api"}
"""Backends by name, in the order in which they are preferred. Each is a module of this folder with `is_available()` and
`work(task, bench)`."""


def backend_of(wanted: str | Callable[..., Any] | None) -> Backend:
    """The backend of a name, or a function as the model; None takes the first that can work here. Raises UsageError."""
    if callable(wanted):
        model = callable_model(wanted)

        async def work(task: Task, bench: Workbench) -> Answer:
            return await converse(model, task, bench)

        return work
    if wanted is not None:
        module = _module(wanted)
        if module is None:
            known = ", ".join(NAMED)
            raise UsageError(f"there is no backend {wanted!r}", hint=f"one of {known}, or a function")
        return module.work  # type: ignore[no-any-return]
    for name in NAMED:
        module = _module(name)
        if module is not None and module.is_available():
            return module.work  # type: ignore[no-any-return]
    raise UsageError(
        "no model can be reached here",
        hint=f"{install('agents')}, then log in with Claude Code or set ANTHROPIC_API_KEY; "
        "or give backend=, a function (messages, tools) -> reply",
    )


def _module(name: str) -> ModuleType | None:
    path = f"codegen.agents.{NAMED.get(name, '')}"
    return import_module(path) if name in NAMED and find_spec(path) else None
