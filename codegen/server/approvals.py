"""Approvals by elicitation: the client's person is shown the call and decides (MCP 2025-06-18 and later).

Sessions of 2026-07-28 are asked by the answer itself, which the client repeats with what its person said; the state
that it carries is the run's id, sealed by the SDK. Older ones are asked during the call.
"""

from __future__ import annotations

from typing import Any, cast

from mcp.server.mcpserver import Context
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult, InputResponses
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, Field

from codegen.config.paths import Workspace
from codegen.model import JsonObject
from codegen.runtime.dialogue import command
from codegen.runtime.wire import objects_field
from codegen.runtime.wording import asked_lines

BY = "the person at the MCP client"


class Approval(BaseModel):
    """What a person is asked for."""

    approve: bool = Field(title="Make this call")
    reason: str = Field(default="", title="Reason, told to the script when it is rejected")


def can_ask(ctx: Context[Any, Any]) -> bool:
    """Whether the client shows its person what it is asked."""
    offered = ctx.client_capabilities
    return offered is not None and offered.elicitation is not None


def required(ctx: Context[Any, Any], envelope: JsonObject) -> InputRequiredResult | None:
    """The answer that asks, for clients that are asked so; None for others."""
    if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        return None
    requests = {
        str(call["number"]): ElicitRequest(
            params=ElicitRequestFormParams(message=_question(call), requested_schema=Approval.model_json_schema())
        )
        for call in objects_field(envelope, "waiting")
    }
    return InputRequiredResult(input_requests={**requests}, request_state=str(envelope["id"]))


async def answered(place: Workspace, run: str, answers: InputResponses) -> bool:
    """Hand over what the person said; False where one call was left for later, as by clients with nobody to ask."""
    decided = [
        (int(number), answer)
        for number, answer in answers.items()
        if isinstance(answer, ElicitResult) and number.isdecimal() and answer.action != "cancel"
    ]
    for number, answer in decided:
        said = answer.content or {}
        allow = answer.action == "accept" and said.get("approve") is True
        await _decide(place, run, number, allow, str(said.get("reason") or ""))
    return len(decided) == len(answers) > 0


async def ask(place: Workspace, ctx: Context[Any, Any], envelope: JsonObject) -> bool:
    """Ask for each call that waits, during the tool's call; False where the person leaves one for later."""
    for call in objects_field(envelope, "waiting"):
        found = await ctx.elicit(_question(call), Approval)
        if found.action == "cancel":
            return False
        allow, reason = (found.data.approve, found.data.reason) if found.action == "accept" else (False, "")
        await _decide(place, str(envelope["id"]), cast("int", call["number"]), allow, reason)
    return True


async def _decide(place: Workspace, run: str, number: int, allow: bool, reason: str) -> None:  # noqa: FBT001
    body: JsonObject = {"run": run, "call": number, "allow": allow, "by": BY, "reason": reason}
    await command(place.root, {"decide": body})


def _question(call: JsonObject) -> str:
    return f"A script wants to make this call:\n{asked_lines(call)}"
