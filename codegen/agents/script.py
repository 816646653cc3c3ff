"""One run of a script, asked for by this process: it answers the calls of its own functions, and of who approves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from codegen.agents.local_tool import LocalTool, answer
from codegen.config.paths import Workspace
from codegen.model import JsonObject
from codegen.runtime.approval import Verdict
from codegen.runtime.dialogue import Answer, command
from codegen.runtime.wire import text_field


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that waits for an approval: with all its arguments, where in the script it stands, and why it is asked."""

    server: str
    tool: str
    arguments: JsonObject = field(hash=False)
    at: str
    why: str


Approve = Callable[[Asked], Awaitable[Verdict]]


async def run_script(
    place: Workspace, request: JsonObject, tools: Mapping[str, LocalTool], approve: Approve | None
) -> JsonObject:
    """Run a script and give its envelope. Cancelling it ends the run. Raises BrokerError, and what `approve` raises."""

    async def called(body: JsonObject) -> JsonObject:
        return {"answer": await answer(tools, body)}

    answers: dict[str, Answer] = {"call": called}
    if approve is not None:
        answers["ask"] = _decided_by(approve)
    message: JsonObject = {"run": {**request, "local": bool(tools), "asks": approve is not None}}
    return cast("JsonObject", (await command(place.root, message, answers=answers))["done"])


def _decided_by(approve: Approve) -> Answer:
    async def decided(body: JsonObject) -> JsonObject:
        arguments = body.get("arguments")
        call = Asked(
            server=text_field(body, "server"),
            tool=text_field(body, "tool"),
            arguments=arguments if isinstance(arguments, dict) else {},
            at=text_field(body, "at"),
            why=text_field(body, "why"),
        )
        said = await approve(call)
        verdict: JsonObject = {"allow": said.allowed, "by": said.by, "reason": said.reason, "like": said.like}
        return {"decide": {"run": body["run"], "call": body["number"], **verdict}}

    return decided
