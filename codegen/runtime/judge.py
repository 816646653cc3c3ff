"""What becomes of a call: sent, shown to a person first, only written down, or refused."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from codegen.errors import RejectedError
from codegen.journal.record import CallRecord, Sent
from codegen.runtime.definition import Definition

Mode = Literal["normal", "read-only", "dry-run"]
"""Of a whole run: `read-only` refuses what writes; `dry-run` writes it down and sends nothing."""

MODES: tuple[Mode, ...] = ("normal", "read-only", "dry-run")


@dataclass(frozen=True, slots=True)
class Judgement:
    """`why` is the rule that asks, or the approval that was given."""

    action: Literal["send", "ask", "plan"]
    why: str = ""


def judge(tool: Definition, call: Sent, earlier: CallRecord | None, mode: Mode, *, granted: bool) -> Judgement:
    """Hold a call against policy, the run's mode, and what an earlier attempt recorded of it. Raises RejectedError.

    `granted`: whether all calls of the tool are approved in this run; one of unknown outcome is asked about even so.
    A rule that denies stands above an approval: what is denied now was perhaps not when it was approved.
    """
    policy = tool.policy
    said = policy.decide(call.arguments)
    if said.action == "deny":
        raise RejectedError(said.why)
    if mode != "normal" and not policy.reads:
        if mode == "read-only":
            raise RejectedError(f"this run is read-only, and {tool.path} writes ({policy.effect})")
        return Judgement("plan", said.why if said.action == "ask" else "")
    if earlier is not None and earlier.state == "approved":
        return Judgement("send", earlier.why)
    if earlier is not None and earlier.state in {"sent", "unknown"}:
        if policy.reads or policy.idempotent:
            return Judgement("send", earlier.why)
        sent = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(earlier.started))
        return Judgement("ask", f"its outcome is unknown: it was sent at {sent}, and no answer was recorded")
    return Judgement("ask", said.why) if said.action == "ask" and not granted else Judgement("send")
