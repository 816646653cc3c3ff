"""The tables of codegen.toml: which keys one may have, what each must be, and an error that names file and key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from codegen.config.documents import kind_of, read_text
from codegen.errors import ConfigError, nearest

_Table = TypeVar("_Table")

Reader = Callable[[object], object]
"""Gives the value of a setting, or raises WrongError."""


class WrongError(Exception):
    """What a value should have been."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in codegen.toml a value stands; the whole document has no `key`, which is for people, nor a `path`."""

    file: Path
    key: str = ""
    path: tuple[str, ...] = ()

    def at(self, name: str) -> Place:
        return Place(self.file, f"{self.key}.{name}" if self.key else name, (*self.path, name))

    def nth(self, index: int, key: str) -> Place:
        """An item of a list, counted from 0, as `key` names it."""
        return Place(self.file, key, (*self.path, str(index)))

    @property
    def where(self) -> str:
        """File and line, for an error's text; the file is read for it."""
        from codegen.config.lines import toml_line

        line = toml_line(read_text(self.file), self.path)
        return f"{self.file}, line {line}" if line else str(self.file)

    def fault(self, what: str, hint: str, *, on: str = "") -> ConfigError:
        """What is wrong here, or with the key `on` in it."""
        where = self.at(on).where if on else self.where
        return ConfigError(f"{where}: `{self.key}` {what}", hint=hint)

    def error(self, value: object, expected: str) -> ConfigError:
        return self.fault(f"is {_shown(value)}", f"expected {expected}")


def read_table(kind: Callable[..., _Table], readers: Mapping[str, Reader], value: object, place: Place) -> _Table:
    """A table as `kind`, whose defaults stand for the keys that are missing. Raises ConfigError."""
    table = read_map(value, place, f"a section [{place.key}]")
    only(table, readers, place)
    given: dict[str, object] = {}
    for key, item in table.items():
        try:
            given[key] = readers[key](item)
        except WrongError as wrong:
            raise place.at(key).error(item, str(wrong)) from None
    return kind(**given)


def read_map(value: object, place: Place, expected: str) -> dict[str, object]:
    """A table whose keys are names of the writer's own."""
    if not isinstance(value, dict):
        raise place.error(value, expected)
    return value


def only(table: Mapping[str, object], known: Mapping[str, object], place: Place) -> None:
    for key in table:
        if key not in known:
            hint = nearest(key, known) or f"known here: {', '.join(known)}"
            raise ConfigError(f"{place.at(key).where}: there is no setting `{place.at(key).key}`", hint=hint)


def text(value: object) -> str:
    if not isinstance(value, str):
        raise WrongError("a text")
    return value


def said(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise WrongError("a text that says something")
    return value


def yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise WrongError("true or false")
    return value


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value) if isinstance(value, int | float) else kind_of(value)
