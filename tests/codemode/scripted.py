"""A model that follows a script, in the place of a real one."""

from __future__ import annotations

from typing import Any


class Scripted:
    """A model that says one turn after the other; a turn may be a function of the last message's results."""

    def __init__(self, *turns: Any) -> None:
        self.turns = list(turns)
        self.messages: list[dict[str, Any]] = []
        self.tools: list[dict[str, Any]] = []

    def __call__(self, messages: list[dict[str, Any]], tools: Any) -> Any:
        self.messages, self.tools = messages, list(tools)
        turn = self.turns.pop(0)
        return turn(self.results()) if callable(turn) else turn

    def results(self) -> list[str]:
        """What the tools said to the last turn."""
        content = self.messages[-1]["content"]
        return [content] if isinstance(content, str) else [block["content"] for block in content]


def use(name: str, **given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "name": name, "input": given}


def run(code: str, *, final: bool = False) -> list[dict[str, Any]]:
    return [use("run", code=code, final=final)]
