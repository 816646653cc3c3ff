"""A server whose tools answer in ways that strict clients trip over, each named for what it does."""

from __future__ import annotations

import json
import sys
from typing import Any

from jsonrpc import Server, echo, result, text

OUTPUT = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
NAMES = ("list_result", "no_result", "text_error", "odd_code", "surrogate", "wrong_shape", "unknown_block", "nothing")
NAMES += ("null_structured", "list_structured", "big", "refuses", "says_error")


class Answers(Server):
    def _reply(self, message: dict[str, Any]) -> None:
        name = (message.get("params") or {}).get("name")
        head = {"jsonrpc": "2.0", "id": message["id"]}
        match name:
            case "list_result":
                self.send({**head, "result": [1]})
            case "no_result":
                self.send(head)
            case "text_error":
                self.send({**head, "error": "it broke"})
            case "odd_code":
                self.send({**head, "error": {"code": "E_ODD", "message": "odd code"}})
            case "refuses":
                self.send({**head, "error": {"code": -32602, "message": "no such thing: 5", "data": {"a": 1}}})
            case "surrogate":
                with self._writing:
                    sys.stdout.write(json.dumps({**head, "result": result(text("half \ud83d"))}) + "\n")
                    sys.stdout.flush()
            case _:
                super()._reply(message)


def call_tool(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    match name:
        case "wrong_shape":
            return result(text("n"), structured={"n": "five", "more": True})
        case "unknown_block":
            return {"content": [{"type": "hologram", "data": [1]}, "no object", {"no": "type"}], "extra": 1}
        case "nothing":
            return {}
        case "null_structured":
            return result(text("text"), structured=None)
        case "list_structured":
            return result(structured=[1, "two", None])
        case "big":
            return result(text("x" * 3_000_000))
        case "says_error":
            return result(text("file not found"), is_error=True)
    return echo(name, arguments)


if __name__ == "__main__":
    tools = [{"name": name, "inputSchema": {"type": "object"}, "outputSchema": OUTPUT} for name in (*NAMES, "echo")]
    Answers("answers", [tools], call_tool).run()
