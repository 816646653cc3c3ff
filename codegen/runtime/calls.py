"""The calls of one run: each matched with what is recorded, judged, recorded, made, recorded again, and answered."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from secrets import token_hex

from codegen.config.paths import Workspace
from codegen.errors import (
    CodegenError,
    DivergedError,
    LostError,
    RejectedError,
    ToolFailedError,
    UnknownToolError,
    UnreachableError,
)
from codegen.generate.literals import one_line
from codegen.journal.record import CallRecord, CallState, Sent
from codegen.model import Json, JsonObject
from codegen.runtime.approval import verdict
from codegen.runtime.clock import Clock
from codegen.runtime.definition import Definition
from codegen.runtime.host import Host
from codegen.runtime.judge import Judgement, Mode, judge
from codegen.runtime.learn import Seen
from codegen.runtime.local import LOCAL, LocalSession
from codegen.runtime.lookup import look_up
from codegen.runtime.output import write_in_data
from codegen.runtime.replay import Replay
from codegen.runtime.results import error_text, value_of
from codegen.runtime.wire import text_field
from codegen.runtime.wording import asked

QUIET_S = 0.2
"""How long a run may still make calls when all that are under way wait for approvals that nobody here can give."""

Show = Callable[[JsonObject], Awaitable[None]]
"""Tells the command that started the run which call somebody should decide, and that it was decided."""


@dataclass(frozen=True, slots=True)
class Command:
    """What the command that started the run does for it: `show` is None where it can't ask anybody, `local` where it
    has no functions of its own.
    """

    show: Show | None = None
    local: LocalSession | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way through a script. `made` is the number of calls that earlier ones recorded, `replay` has them;
    `granted` are tools approved for all of the run, by server and wire name; `told` is what the check has said already.
    """

    run: str
    mode: Mode = "normal"
    made: int = 0
    replay: Replay = field(default_factory=Replay)
    granted: frozenset[tuple[str, str]] = frozenset()
    told: frozenset[str] = frozenset()


class Caller:
    """Answers the calls of one attempt.

    `stopped` gets why the run can't go on: a DivergedError, or None where calls wait for an approval.
    """

    def __init__(self, host: Host, attempt: Attempt, clock: Clock, command: Command) -> None:
        self.count = 0
        self.seen = Seen()
        self.planned: list[Sent] = []
        self.stopped: asyncio.Future[DivergedError | None] = asyncio.get_running_loop().create_future()
        self._host = host
        self._attempt = attempt
        self._clock = clock
        self._show = command.show
        self._local = command.local
        self._last = attempt.made
        self._under_way = self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None
        self._blobs = 0
        self._tools: dict[tuple[str, str], Definition] = {}

    @property
    def waits(self) -> bool:
        """Whether a call is waiting for an approval."""
        return self._waiting > 0

    async def answer(self, message: JsonObject) -> JsonObject:
        """The reply to what a script asks: {"value": …}, {"error": text} or {"rejected": text}."""
        self._under_way += 1
        try:
            if "call" in message:
                return await self._call(self._read(message))
            if "step" in message:
                return self._step(message)
            return {"value": look_up(self._host.root, message)}
        except RejectedError as error:
            return {"rejected": str(error)}
        except DivergedError as error:
            if not self.stopped.done():
                self.stopped.set_result(error)
            return {"error": str(error)}
        except CodegenError as error:
            return {"error": str(error)}
        finally:
            self._under_way -= 1
            if self._waiting:
                self._settle()

    async def _call(self, call: Sent) -> JsonObject:
        self.count += 1
        journal, run = self._host.journal, self._attempt.run
        identity = journal.identity(call.server, call.tool, call.arguments)
        earlier = await self._match(call, identity)
        if earlier is not None and (reply := _recorded(earlier)) is not None:
            return reply
        call = replace(call, number=earlier.number if earlier else self._next())
        try:
            tool = self._tool(call)
            tool.check(call.arguments, self._attempt.told)
            judged = judge(tool, call, earlier, self._attempt.mode)
        except CodegenError as error:
            journal.call_held(run, call, identity, "refused", str(error))
            raise
        if judged.action == "plan":
            journal.call_held(run, call, identity, "planned", judged.why)
            self.planned.append(call)
            return {"value": tool.placeholder()}
        if judged.action == "ask" and (call.server, call.tool) not in self._attempt.granted:
            judged = replace(judged, why=await self._approved(call, identity, judged))
        return await self._send(tool, call, identity, judged.why)

    async def _match(self, call: Sent, identity: str) -> CallRecord | None:
        """What earlier attempts recorded of this call. Raises DivergedError for a new one before all old ones."""
        replay = self._attempt.replay
        earlier = replay.take(identity)
        if earlier is None and replay.left:
            await replay.allow_new(call)
        return earlier

    def _step(self, message: JsonObject) -> JsonObject:
        """A value that the script makes once: asked for, what is recorded; given, it is recorded."""
        body = message["step"]
        name = text_field(body, "name") if isinstance(body, dict) else ""
        if not isinstance(body, dict) or "value" not in body:
            earlier = self._attempt.replay.take(self._host.journal.identity("", name, {}))
            return (
                {"value": earlier.answer} if earlier is not None and earlier.state == "answered" else {"absent": True}
            )
        call = Sent(self._next(), "", name, {}, self._place(message))
        self._host.journal.call_sent(self._attempt.run, call)
        self._host.journal.call_ended(self._attempt.run, call.number, "answered", body["value"], 0.0)
        return {"value": body["value"]}

    async def _approved(self, call: Sent, identity: str, judged: Judgement) -> str:
        """Wait for a person, and give what is recorded of the approval. Raises RejectedError."""
        self._host.journal.call_held(self._attempt.run, call, identity, "waiting", judged.why)
        self._under_way -= 1
        self._waiting += 1
        self._settle()
        try:
            with self._clock.stopped():
                if self._show is not None:
                    await self._show({"ask": asked(self._attempt.run, call, judged.why)})
                found = await verdict(self._host.journal, self._attempt.run, call.number)
                if self._show is not None:
                    await self._show({"settled": call.number})
        finally:
            self._under_way += 1
            self._waiting -= 1
        if found.state == "rejected":
            raise RejectedError(found.why)
        return found.why

    def _settle(self) -> None:
        """Stop the run when all that it still does is wait for approvals that nobody here can give."""
        if self._timer is not None:
            self._timer.cancel()
        if self._waiting and not self._under_way and self._show is None:
            self._timer = asyncio.get_running_loop().call_later(QUIET_S, self._park)

    def _park(self) -> None:
        if not self.stopped.done():
            self.stopped.set_result(None)

    async def _send(self, tool: Definition, call: Sent, identity: str, why: str) -> JsonObject:
        """Make a call, recorded before it leaves and after its answer."""
        journal, run = self._host.journal, self._attempt.run
        journal.call_sent(run, call, identity, why)
        start = time.perf_counter()
        try:
            value = await self._make(tool, call)
        except CodegenError as error:
            journal.call_ended(run, call.number, _state_of(error), str(error), time.perf_counter() - start)
            return {"error": str(error)}
        journal.call_ended(run, call.number, "answered", value, time.perf_counter() - start)
        return {"value": value}

    async def _make(self, tool: Definition, call: Sent) -> Json:
        local = self._local if call.server == LOCAL else None
        result = await (local or self._host.sessions).call(call.server, call.tool, call.arguments)
        if result.is_error:
            raise ToolFailedError(error_text(result))
        value = value_of(result, tool.rule, self._save_blob)
        if tool.learns:
            self.seen.add(tool.folder, call.tool, value)
        return value

    def _tool(self, call: Sent) -> Definition:
        key = call.server, call.tool
        known = self._tools.get(key)
        if known is None:
            known = self._tools[key] = self._host.tools.find(*key)
        return known

    def _read(self, message: JsonObject) -> Sent:
        body = message["call"]
        if isinstance(body, dict):
            server, tool, arguments = text_field(body, "server"), text_field(body, "tool"), body.get("arguments")
            if server and tool and isinstance(arguments, dict):
                return Sent(0, server, tool, arguments, self._place(message))
        raise UnknownToolError(f"not a call: {json.dumps(body)[:200]}")

    def _place(self, message: JsonObject) -> str:
        """Where in the script a message is from, by its own word: below the workspace's root."""
        return one_line(text_field(message, "at").removeprefix(f"{self._host.root}/"), 300)

    def _next(self) -> int:
        self._last += 1
        return self._last

    def _save_blob(self, content: bytes, ending: str) -> str:
        self._blobs += 1
        name = f"blobs/{self._attempt.run}-{self._blobs}-{token_hex(2)}{ending}"
        try:
            return write_in_data(Workspace(self._host.root).data, name, content)
        except OSError as error:
            raise ToolFailedError(f"its answer ({len(content):,} bytes) can't be kept in data/: {error}") from error


def _recorded(earlier: CallRecord) -> JsonObject | None:
    """The reply that a call had, None where it has to be judged again."""
    match earlier.state:
        case "answered":
            return {"value": earlier.answer}
        case "failed":
            return {"error": earlier.answer}
        case "rejected":
            return {"rejected": earlier.why}
    return None


def _state_of(error: CodegenError) -> CallState:
    if isinstance(error, LostError):
        return "unknown"
    return "refused" if isinstance(error, UnreachableError) else "failed"
