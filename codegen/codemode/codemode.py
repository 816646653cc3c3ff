"""`codemode(agent, task)`: a model writes scripts over the program's own functions, and gives the answer."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, closing
from contextvars import copy_context
from pathlib import Path
from typing import Any, TypedDict, Unpack

from codegen.agents.backends import backend_of
from codegen.agents.local_tool import LocalTool
from codegen.agents.pydantic_ai import agent_tools
from codegen.agents.script import Approve, Asked
from codegen.agents.task import Answer, Task
from codegen.agents.wanted import Wanted
from codegen.agents.workbench import Ears, Entry, Workbench
from codegen.codemode.functions import function_tool
from codegen.codemode.given import Given, sort
from codegen.codemode.place import opened
from codegen.codemode.result import CodeModeResult, result_of
from codegen.config.paths import Workspace
from codegen.config.settings import load_settings
from codegen.errors import ModelError, UsageError, nearest
from codegen.privacy.veil import Veil
from codegen.runtime.approval import Verdict

Decide = Callable[[Asked], bool | Verdict | Awaitable[bool | Verdict]]


class Options(TypedDict, total=False):
    """How to work on a task, as keywords of `codemode`.

    `backend` is "claude-code", "anthropic" or a function (messages, tools) -> reply; without one, the first of the two
    that can work here. `model` is by its name. `max_cost` is in US dollars. `deps` are for a pydantic-ai Agent's tools.
    `watch` hears each entry of the log as it is made; `say` each piece of what the model says.
    """

    workspace: Workspace | str | Path
    deps: Any
    backend: str | Callable[..., Any]
    model: str
    max_turns: int
    max_cost: float
    watch: Callable[[Entry], None]
    say: Callable[[str], None]


def codemode(
    agent: object, task: str, *, result_type: Any = None, approve: Decide | None = None, **options: Unpack[Options]
) -> CodeModeResult:
    """Have a model do a task with a pydantic-ai Agent's tools, functions, a Workspace, or several of these in a list.

    `result_type` is anything pydantic understands. `approve` decides the calls that need an approval: without it such a
    call ends its run. From a thread with a running event loop, it waits for the task in another thread; better there is
    `codemode_async`. Raises UsageError, WorkspaceError, BrokerError; a task that fails is a result.
    """
    work = codemode_async(agent, task, result_type=result_type, approve=approve, **options)
    return _in_a_thread(work) if _is_in_loop() else asyncio.run(work)


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def codemode_async(
    agent: object, task: str, *, result_type: Any = None, approve: Decide | None = None, **options: Unpack[Options]
) -> CodeModeResult:
    """`codemode`, for programs with an event loop: async functions run in it. Cancelling it ends all that was begun."""
    if unknown := sorted(options.keys() - Options.__annotations__.keys()):
        raise UsageError(f"codemode has no option {unknown[0]!r}", hint=nearest(unknown[0], Options.__annotations__))
    given = sort(agent, options.get("workspace"))
    backend = backend_of(options.get("backend"))
    ordered = Task(
        task, Wanted(result_type), options.get("model"), options.get("max_turns", 20), options.get("max_cost")
    )
    async with AsyncExitStack() as stack:
        tools = await _tools(given, options.get("deps"), task, stack)
        place = await stack.enter_async_context(opened(given.workspace, tools))
        veil = stack.enter_context(closing(Veil(load_settings(place.settings).privacy, place.state)))
        ears = Ears(options.get("watch"), options.get("say"))
        bench = Workbench(place, tools, _approver(approve) if approve else None, ears, veil)
        try:
            answer = await backend(ordered, bench)
        except ModelError as error:  # what was done until then is worth having
            answer = Answer(problem=str(error))
        return result_of(answer, bench)


async def _tools(given: Given, deps: object, task: str, stack: AsyncExitStack) -> list[LocalTool]:
    tools = [function_tool(function) for function in given.functions]
    for agent in given.agents:
        tools += await stack.enter_async_context(agent_tools(agent, deps, task))
    return tools


def _approver(decide: Decide) -> Approve:
    """A sync callback is called in a thread: it may ask somebody, and wait."""

    async def approve(call: Asked) -> Verdict:
        said = await asyncio.to_thread(decide, call)
        said = await said if inspect.isawaitable(said) else said
        return said if isinstance(said, Verdict) else Verdict(said is True, by="the program")

    return approve


def _in_a_thread(work: Coroutine[Any, Any, CodeModeResult]) -> CodeModeResult:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(copy_context().run, asyncio.run, work).result()
