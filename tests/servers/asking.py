"""A server of 2026-07-28 whose tools ask the client for something in the middle of a call.

`ask` wants an elicitation and says what it got, `sample` wants a completion, `again` wants only to be asked again,
`never` always asks, `task` answers with a kind of result that nobody knows.
"""

from __future__ import annotations

from typing import Any

from jsonrpc import Server, echo, result, text

VERSION = "2026-07-28"
NAMES = ("ask", "sample", "roots", "again", "never", "task", "null")
FORM = {"type": "object", "properties": {"name": {"type": "string"}}}
WANTED: dict[str, dict[str, Any]] = {
    "ask": {"method": "elicitation/create", "params": {"mode": "form", "message": "Who?", "requestedSchema": FORM}},
    "sample": {"method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 5}},
    "roots": {"method": "roots/list"},
}


def wants(name: str) -> dict[str, Any]:
    asked = {"inputRequests": {"q": WANTED[name]}} if name in WANTED else {}
    return {"resultType": "input_required", "requestState": "state of " + name, **asked}


class Asking(Server):
    def answer(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if method == "server/discover":
            capabilities = {"tools": {}}
            return self._modern({"supportedVersions": [VERSION], "capabilities": capabilities, "instructions": "Ask."})
        if method == "tools/call":
            return self._call(params["name"], params)
        return self._modern(super().answer(method, params))

    def _modern(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"resultType": "complete", "ttlMs": 0, "cacheScope": "private", **answer}

    def _call(self, name: str, params: dict[str, Any]) -> dict[str, Any]:
        if name == "task":
            return {"resultType": "task", "taskId": "1"}
        if name == "null":
            return self._modern(result(text("null"), structured=None))
        if name == "never" or "requestState" not in params:
            return wants(name)
        return self._modern(echo(name, {"state": params["requestState"], "said": params.get("inputResponses")}))


if __name__ == "__main__":
    tools = [{"name": name, "inputSchema": {"type": "object"}} for name in NAMES]
    Asking("asking", [tools], echo).run()
