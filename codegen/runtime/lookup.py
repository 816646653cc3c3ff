"""Search and describe, asked for by a script."""

from __future__ import annotations

from pathlib import Path

from codegen.config.paths import Workspace
from codegen.errors import UnknownToolError
from codegen.model import Json, JsonObject
from codegen.runtime.wire import text_field
from codegen.search.describe import described
from codegen.search.find import find


def look_up(root: Path, message: JsonObject) -> Json:
    """The answer to {"search": {query, k}} or {"describe": {name}}. Raises UnknownToolError."""
    index = Workspace(root).index
    body = message.get("search") or message.get("describe")
    if not isinstance(body, dict):
        raise UnknownToolError("no query")
    if "describe" in message:
        return described(root, index, text_field(body, "name"))
    k = body.get("k")
    hits = find(Workspace(root), [text_field(body, "query")], k=k if isinstance(k, int) else 5)[0].hits
    return [list(hit) for hit in hits]
