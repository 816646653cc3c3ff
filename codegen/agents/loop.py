"""The loop: a model is asked, what it asks for is done, until it has the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from codegen.agents.prompt import first_words, system_prompt
from codegen.agents.task import Answer, Task, Usage
from codegen.agents.tools import TOOLS
from codegen.agents.wanted import WrongResultError
from codegen.agents.workbench import Entry, Said, Workbench
from codegen.errors import UsageError
from codegen.model import JsonObject


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model says: content blocks of the Messages API, `text` and `tool_use`; others go back as they are.

    `cost` is in US dollars, None where nobody knows.
    """

    content: Sequence[JsonObject] = field(hash=False)
    usage: Usage = field(default_factory=Usage)
    cost: float | None = None


Model = Callable[[list[JsonObject], tuple[JsonObject, ...]], Awaitable[Reply]]
"""Gives the reply to a conversation. The first message is the system prompt, of role `system`."""


async def converse(model: Model, task: Task, bench: Workbench) -> Answer:
    """Let a model work on a task. Raises BrokerError, UsageError for a limit of cost that can't be held."""
    talk = _Talk(task, bench)
    while talk.turns < task.max_turns:
        reply = await model(talk.messages, TOOLS)
        answer = await talk.take(reply)
        if answer is not None:
            return answer
    problem = f"there was no answer within {task.max_turns} turns"
    return talk.answer(problem=f"{problem}; {talk.wrong}" if talk.wrong else problem)


class _Talk:
    """One conversation, and what it has cost so far. `wrong` says what was wrong with the last answer, if one was."""

    def __init__(self, task: Task, bench: Workbench) -> None:
        self.turns = 0
        self.wrong = ""
        self.messages: list[JsonObject] = [
            {"role": "system", "content": system_prompt(bench.place)},
            {"role": "user", "content": first_words(task, bench)},
        ]
        self._task = task
        self._bench = bench
        self._usage = Usage()
        self._cost: float | None = None

    def answer(self, output: object = None, problem: str = "") -> Answer:
        return Answer(output, problem, self.turns, self._usage, self._cost)

    async def take(self, reply: Reply) -> Answer | None:
        """Do what the model asks for; the answer where it has come to one."""
        self._count(reply)
        self.messages.append({"role": "assistant", "content": list(reply.content)})
        text = "\n".join(str(block["text"]) for block in reply.content if block.get("type") == "text")
        uses = [block for block in reply.content if block.get("type") == "tool_use"]
        if text:
            self._bench.note(Entry("say", text))
        if not uses:
            return self._last_words(text)
        if self._task.max_cost is not None and (self._cost or 0.0) >= self._task.max_cost:
            return self.answer(problem=f"the limit of ${self._task.max_cost:g} was reached after {self.turns} turns")
        results: list[JsonObject] = []
        for use in uses:
            said, answer = await self._use(use)
            if answer is not None:
                return answer
            results.append(_result(use, said))
        self.messages.append({"role": "user", "content": list(results)})
        return None

    def _last_words(self, text: str) -> Answer | None:
        try:
            return self.answer(self._bench.last_words(text, self._task.wanted))
        except WrongResultError as error:
            self.wrong = str(error)
            self.messages.append({"role": "user", "content": self.wrong})
            return None

    async def _use(self, use: JsonObject) -> tuple[Said, Answer | None]:
        given = use.get("input")
        given = given if isinstance(given, dict) else {}
        said = await self._bench.use(str(use.get("name")), given)
        if said.run is None or not said.run.succeeded or given.get("final") is not True:
            return said, None
        try:
            return said, self.answer(self._bench.value_of(said.run, self._task.wanted))
        except WrongResultError as error:
            self.wrong = str(error)
            return Said(f"{said.text}\n{error}", is_error=True, run=said.run), None

    def _count(self, reply: Reply) -> None:
        self.turns += 1
        self._usage += reply.usage
        if reply.cost is not None:
            self._cost = (self._cost or 0.0) + reply.cost
        elif self._task.max_cost is not None:
            raise UsageError(
                "max_cost can't be held: nobody knows what this model costs",
                hint="pip install genai-prices, or give max_turns",
            )


def _result(use: JsonObject, said: Said) -> JsonObject:
    block: JsonObject = {"type": "tool_result", "tool_use_id": use.get("id"), "content": said.text}
    return {**block, "is_error": True} if said.is_error else block
