"""The veil between what a run says and the model: personal data goes out as tokens, and comes back as itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from codegen.config.settings import PrivacySettings
from codegen.model import Json, JsonObject
from codegen.privacy.kinds import Find, finders
from codegen.privacy.vault import Vault

_TOKEN = re.compile(r"\[([A-Z][A-Z0-9_]{0,63})_(\d{1,9})\]")
_Value = TypeVar("_Value", bound=Json)

_DIGITS = 10**11
"""A number from here on may be a card's."""


class Veil:
    """Off, it gives back what it was given. Raises ConfigError for settings that can't be met."""

    def __init__(self, settings: PrivacySettings, state: Path) -> None:
        self._finders: Mapping[str, Find] = finders(settings.redact, settings.patterns, settings.region)
        self._restore = settings.restore
        self._vault = Vault(state / "privacy.sqlite")

    @property
    def is_on(self) -> bool:
        return bool(self._finders)

    def cover(self, value: _Value) -> _Value:
        """A value with tokens in the place of personal data, wherever in it a text or a long number is."""
        return cast("_Value", _each(value, self.text)) if self._finders else value

    def text(self, text: str) -> str:
        """A text with tokens in the place of personal data. A token in it stays."""
        for kind, find in self._finders.items():
            parts: list[str] = []
            done = 0
            for start, end in find(text):
                parts += text[done:start], self._vault.token(kind, text[start:end])
                done = end
            text = "".join((*parts, text[done:])) if parts else text
        return text

    def reveal(self, text: str, *, as_json: bool = False) -> str:
        """A model's words for whoever may have the values: with what its tokens stand for, in a JSON text as there."""
        if not self._finders or "[" not in text:
            return text
        shown = (lambda found: json.dumps(self._value(found))[1:-1]) if as_json else self._value
        return _TOKEN.sub(shown, text)

    def restore(self, server: str, tool: str, arguments: JsonObject) -> JsonObject:
        """A call's arguments with the values that tokens stand for, if its tool is one that may have them."""
        if not self._finders or not any(fnmatchcase(f"{server}.{tool}", pattern) for pattern in self._restore):
            return arguments
        return {name: _each(value, self.reveal) for name, value in arguments.items()}

    def close(self) -> None:
        self._vault.close()

    def _value(self, match: re.Match[str]) -> str:
        found = self._vault.value(match[1], int(match[2])) if match[1] in self._finders else None
        return match[0] if found is None else found


def _each(value: Json, change: Callable[[str], str]) -> Json:
    """The value with every text in it changed, keys too, and long whole numbers as texts where that changes them."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): _each(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [*map(partial(_each, change=change), value)]
    if isinstance(value, int) and value >= _DIGITS:
        said = str(value)
        return value if (changed := change(said)) == said else changed
    return value
