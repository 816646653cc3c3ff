"""One run of a script, asked for by this process: it answers the calls of its own functions, and of who approves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from codegen.agents.local_tool import LocalTool, answer
from codegen.config.paths import Workspace
from codegen.errors import BrokerError
from codegen.model import JsonObject
from codegen.runtime.approval import Verdict
from codegen.runtime.client import connect
from codegen.runtime.stream import read_frame
from codegen.runtime.wire import encode, text_field


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
    place: Workspace, request: JsonObject, tools: dict[str, LocalTool], approve: Approve | None
) -> JsonObject:
    """Run a script and give its envelope. Cancelling it ends the run. Raises BrokerError, and what `approve` raises."""
    connection = await asyncio.to_thread(connect, place.root)
    reader, writer = await asyncio.open_unix_connection(sock=connection.detach())
    talk = _Talk(writer, tools, approve)
    try:
        await talk.send({"run": {**request, "local": bool(tools), "asks": approve is not None}})
        return await talk.until_done(reader)
    finally:
        await talk.close()


class _Talk:
    """A connection to the broker during a run: calls and questions are answered side by side."""

    def __init__(self, writer: asyncio.StreamWriter, tools: dict[str, LocalTool], approve: Approve | None) -> None:
        self._writer = writer
        self._tools = tools
        self._approve = approve
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, message: JsonObject) -> None:
        try:
            self._writer.write(encode(message))
            await self._writer.drain()
        except ConnectionError:
            return  # the reader tells

    async def until_done(self, reader: asyncio.StreamReader) -> JsonObject:
        heard = asyncio.create_task(read_frame(reader))
        try:
            while True:
                done, _ = await asyncio.wait({heard, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
                for task in done & self._tasks:
                    self._tasks.discard(task)
                    task.result()
                if heard not in done:
                    continue
                message = heard.result()
                if message is None:
                    raise BrokerError("the broker went away during the run", hint="see .codegen/broker.log")
                if "done" in message or "error" in message:
                    return _ended(message)
                self._hear(message)
                heard = asyncio.create_task(read_frame(reader))
        finally:
            heard.cancel()

    def _hear(self, message: JsonObject) -> None:
        call, ask = message.get("call"), message.get("ask")
        if isinstance(call, dict):
            self._do(self._call(call))
        elif isinstance(ask, dict):
            self._do(self._ask(ask))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(asyncio.create_task(work))

    async def _call(self, body: JsonObject) -> None:
        await self.send({"answer": await answer(self._tools, body)})

    async def _ask(self, body: JsonObject) -> None:
        assert self._approve is not None
        arguments = body.get("arguments")
        call = Asked(
            server=text_field(body, "server"),
            tool=text_field(body, "tool"),
            arguments=arguments if isinstance(arguments, dict) else {},
            at=text_field(body, "at"),
            why=text_field(body, "why"),
        )
        said = await self._approve(call)
        decided: JsonObject = {"allow": said.allowed, "by": said.by, "reason": said.reason, "like": said.like}
        await self.send({"decide": {"run": body["run"], "call": body["number"], **decided}})

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._writer.close()


def _ended(message: JsonObject) -> JsonObject:
    done = message.get("done")
    if not isinstance(done, dict):
        raise BrokerError(text_field(message, "error") or "the broker gave no answer")
    return done
