"""The calls of one run: each matched with what is recorded, judged, recorded, made, recorded again, and answered."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from secrets import token_hex

from codegen.catalogue.source import CallResult
from codegen.config.paths import Workspace
from codegen.errors import (
    ChangedError,
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
from codegen.runtime.budget import LEFT, Budget, answer_size
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
from codegen.runtime.retry import insist, tried_again
from codegen.runtime.sessions import Sessions
from codegen.runtime.wire import text_field
from codegen.runtime.wording import asked

QUIET_S = 0.2
"""How long a run may still make calls when all that are under way wait for approvals that nobody here can give."""

Tell = Callable[[JsonObject], Awaitable[None]]
"""Sends a message to the command that started the run."""


async def unheard(_message: JsonObject) -> None:
    """Where nobody is there to be told."""


@dataclass(frozen=True, slots=True)
class Line:
    """The way to the command: `asks` where somebody there decides calls, `follows` where it hears of each one's end;
    `local` where it has functions of its own.
    """

    tell: Tell = unheard
    asks: bool = False
    follows: bool = False
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

    def __init__(self, host: Host, attempt: Attempt, clock: Clock, line: Line) -> None:
        self.count = 0
        self.seen = Seen()
        self.planned: list[Sent] = []
        self.stopped: asyncio.Future[DivergedError | None] = asyncio.get_running_loop().create_future()
        self._host = host
        self._attempt = attempt
        self._clock = clock
        self._line = line
        self._last = attempt.made
        self._under_way = self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = False
        self._blobs = 0
        self._tools: dict[tuple[str, str], Definition] = {}
        self._budget = Budget(host.settings.limits)
        self._budget.recall(attempt.replay.left, self._find)

    async def answer(self, message: JsonObject) -> JsonObject:
        """The reply to what a script asks: {"value": …}, {"error": text} or {"rejected": text}."""
        self._under_way += 1
        try:
            if "call" in message:
                call = self._read(message)
                return await (self._followed(call) if self._line.follows else self._call(call))
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

    async def _followed(self, call: Sent) -> JsonObject:
        """Make a call and tell the command that it was made: its tool, what came of it, and seconds."""
        start, outcome = time.perf_counter(), "rejected"
        try:
            reply = await self._call(call)
            outcome = next(iter(reply))
        finally:
            seconds = round(time.perf_counter() - start, 3)
            said: JsonObject = {"server": call.server, "tool": call.tool, "outcome": outcome, "seconds": seconds}
            await self._line.tell({"called": said})
        return reply

    async def _call(self, call: Sent) -> JsonObject:
        self.count += 1
        journal, run = self._host.journal, self._attempt.run
        identity = journal.identity(call.server, call.tool, call.arguments)
        earlier = await self._match(call, identity)
        if earlier is not None and (reply := self._known(earlier)) is not None:
            return reply
        call = replace(call, number=earlier.number if earlier else self.new_number())
        failures: list[ToolFailedError] = []
        try:
            tool = self._find(call.server, call.tool)
            tool.check(call.arguments, self._attempt.told)
            granted = (call.server, call.tool) in self._attempt.granted
            judged = judge(tool, call, earlier, self._attempt.mode, granted=granted)
            if earlier is None or earlier.state not in LEFT:
                self._budget.take(tool, call)
            if judged.action != "plan":
                await insist(tool, partial(self._source(call.server).open, call.server, tool.pinned), failures.append)
        except CodegenError as error:
            journal.call_held(run, call, identity, "refused", str(error))
            raise
        if judged.action == "plan":
            journal.call_held(run, call, identity, "planned", judged.why)
            self.planned.append(call)
            return {"value": tool.placeholder()}
        if judged.action == "ask":
            judged = replace(judged, why=await self._approved(call, identity, judged))
        return await self.send(tool, call, identity, tried_again(judged.why, failures))

    async def _match(self, call: Sent, identity: str) -> CallRecord | None:
        """What earlier attempts recorded of this call. Raises DivergedError for a new one before all old ones."""
        replay = self._attempt.replay
        earlier = replay.take(identity)
        if earlier is None and replay.left:
            await replay.allow_new(call)
        return earlier

    def _known(self, earlier: CallRecord) -> JsonObject | None:
        """The reply that a call had; None where it is judged again, as a read is whose answer isn't here as it was.

        Raises DivergedError for any other of which that is so.
        """
        gone = earlier.lost or ("it held a secret or a field that is not recorded" if earlier.redacted else "")
        if gone and earlier.state in {"answered", "failed"}:
            if self._find(earlier.server, earlier.tool).policy.reads:
                return None
            raise DivergedError(f"the answer of call {earlier.number} can't be given again: {gone}", hint="run it anew")
        match earlier.state:
            case "answered":
                return {"value": earlier.answer}
            case "failed":
                return {"error": earlier.answer}
            case "rejected":
                return {"rejected": earlier.why}
        return None

    def _step(self, message: JsonObject) -> JsonObject:
        """A value that the script makes once: asked for, what is recorded; given, it is recorded."""
        body = message["step"]
        name = text_field(body, "name") if isinstance(body, dict) else ""
        if not isinstance(body, dict) or "value" not in body:
            earlier = self._attempt.replay.take(self._host.journal.identity("", name, {}))
            return (
                {"value": earlier.answer} if earlier is not None and earlier.state == "answered" else {"absent": True}
            )
        call = Sent(self.new_number(), "", name, {}, self._place(message))
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
                if self._line.asks:
                    await self._line.tell({"ask": asked(self._attempt.run, call, judged.why)})
                found = await verdict(self._host.journal, self._attempt.run, call.number)
                if self._line.asks:
                    await self._line.tell({"settled": call.number})
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
        if self._waiting and not self._under_way and not self._line.asks:
            self._timer = asyncio.get_running_loop().call_later(QUIET_S, self._park)

    def _park(self) -> None:
        if not self.stopped.done():
            self.stopped.set_result(None)

    async def send(self, tool: Definition, call: Sent, identity: str, why: str) -> JsonObject:
        """Make a call once it is its turn, recorded before it leaves and after its answer."""
        async with self._budget.turn(tool, call):
            if (pace := self._host.paces.get(call.server)) is not None:
                await pace.turn()
            self._host.journal.call_sent(self._attempt.run, call, identity, why)
            if tool.policy.reads:
                return await self._answered(tool, call, identity, why)
            writing = self._host.keep(self._answered(tool, call, identity, why))
            try:
                return await asyncio.shield(writing)  # a run that ends meanwhile shall know later what came of it
            except asyncio.CancelledError:
                self._is_over = True
                raise

    async def _answered(self, tool: Definition, call: Sent, identity: str, why: str) -> JsonObject:
        journal, run = self._host.journal, self._attempt.run

        def again(error: ToolFailedError) -> None:
            if self._is_over:
                raise error
            journal.call_sent(run, call, identity, tried_again(why, [error]))

        make = partial(self._source(call.server).call, call.server, call.tool, call.arguments, tool.pinned)
        start, size = time.perf_counter(), 0
        state: CallState = "answered"
        try:
            result = await insist(tool, make, again)
            size = answer_size(result)
            answer: Json = self._value(tool, call, result)
        except CodegenError as error:
            state, answer = _state_of(error), str(error)
        seconds = time.perf_counter() - start
        self._budget.spend(tool, call, size, seconds)
        journal.call_ended(run, call.number, state, answer, seconds)
        return {"value" if state == "answered" else "error": answer}

    def _value(self, tool: Definition, call: Sent, result: CallResult) -> Json:
        if result.is_error:
            raise ToolFailedError(error_text(result))
        value = value_of(result, tool.rule, self._save_blob)
        if tool.learns:
            self.seen.add(tool.folder, call.tool, value)
        return value

    def _source(self, server: str) -> Sessions | LocalSession:
        """Where a server's tools are called: those of the command over its own line."""
        return (self._line.local if server == LOCAL else None) or self._host.sessions

    def _find(self, server: str, tool: str) -> Definition:
        key = server, tool
        known = self._tools.get(key)
        if known is None:
            known = self._tools[key] = self._host.tools.find(*key)
        return known

    def _read(self, message: JsonObject) -> Sent:
        body = message["call"]
        if isinstance(body, dict):
            server, tool, arguments = text_field(body, "server"), text_field(body, "tool"), body.get("arguments")
            if server and tool and isinstance(arguments, dict):
                arguments = self._host.veil.restore(server, tool, arguments)
                return Sent(0, server, tool, arguments, self._place(message))
        raise UnknownToolError(f"not a call: {json.dumps(body)[:200]}")

    def _place(self, message: JsonObject) -> str:
        """Where in the script a message is from, by its own word: below the workspace's root."""
        return one_line(text_field(message, "at").removeprefix(f"{self._host.root}/"), 300)

    def new_number(self) -> int:
        """The number of a call that was not made before."""
        self._last += 1
        return self._last

    def _save_blob(self, content: bytes, ending: str) -> str:
        self._blobs += 1
        name = f"blobs/{self._attempt.run}-{self._blobs}-{token_hex(2)}{ending}"
        try:
            return write_in_data(Workspace(self._host.root).data, name, content)
        except OSError as error:
            raise ToolFailedError(f"its answer ({len(content):,} bytes) can't be kept in data/: {error}") from error


def _state_of(error: CodegenError) -> CallState:
    if isinstance(error, LostError):
        return "unknown"
    return "refused" if isinstance(error, UnreachableError | ChangedError) else "failed"
