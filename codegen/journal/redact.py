"""What never enters the journal: the values of secrets, and the fields that codegen.toml names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import translate

from codegen.journal.schema import dump
from codegen.model import Json

REDACTED = "[redacted]"

SHORTEST = 6
"""Characters below which a secret isn't looked for: it would be found in half of all texts, and hide nothing."""


class Redactor:
    """Takes secrets out of what is written.

    `fields` are patterns over a value's path, its keys joined by dots, without the places in lists: `password` is the
    end of any path, `*.token` one below another key, and `github.create_issue:body` goes for one tool alone (its server
    and name may be patterns too). Upper and lower case are the same in them.
    """

    def __init__(self, secrets: Iterable[str] = (), fields: Sequence[str] = ()) -> None:
        long = {secret for secret in secrets if len(secret) >= SHORTEST}
        self._secrets = tuple(sorted(long, key=lambda secret: (-len(secret), secret)))
        # A value is looked for in JSON, where some of its characters are written otherwise. `in` for each is 50 times
        # faster than one pattern of them all, and mostly there is nothing to be found.
        self._written = tuple({form for secret in self._secrets for form in (secret, dump(secret)[1:-1])})
        self._fields = tuple(_field(each) for each in fields)
        self._of_tools: dict[tuple[str, str], re.Pattern[str] | None] = {}

    def text(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text

    def dump(self, value: Json, server: str = "", tool: str = "") -> tuple[str, bool]:
        """The value as JSON, without secrets and, of a tool's arguments or answer, without its fields; whether it
        lacks anything for that."""
        fields = self._of_tool(server, tool) if self._fields and server else None
        written = dump(value)
        if fields is None and not any(form in written for form in self._written):
            return written, False
        clean = dump(self._clean(value, fields, ""))
        return clean, clean != written

    def _of_tool(self, server: str, tool: str) -> re.Pattern[str] | None:
        if (server, tool) not in self._of_tools:
            name = f"{server}.{tool}".lower()
            paths = [path for tools, path in self._fields if tools.match(name)]
            self._of_tools[server, tool] = re.compile("|".join(paths), re.IGNORECASE) if paths else None
        return self._of_tools[server, tool]

    def _clean(self, value: Json, fields: re.Pattern[str] | None, path: str) -> Json:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._clean(each, fields, path) for each in value]
        if isinstance(value, dict):
            return {self.text(key): self._of_key(each, fields, f"{path}.{key}") for key, each in value.items()}
        said = dump(value)
        return REDACTED if any(secret in said for secret in self._secrets) else value

    def _of_key(self, value: Json, fields: re.Pattern[str] | None, path: str) -> Json:
        return REDACTED if fields and fields.match(path) else self._clean(value, fields, path)


def _field(said: str) -> tuple[re.Pattern[str], str]:
    """The tools and the path, each begun by a dot, that one pattern means."""
    tools, colon, path = said.rpartition(":")
    return re.compile(translate(tools.lower() if colon else "*")), translate(f"*.{path}")
