"""Secrets: `${VAR}` in a server's configuration becomes a value here, and nowhere else does it become a plain text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from codegen.errors import ConfigError, UnsetVariableError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Secret:
    """A text that must not be seen: its repr, str and format are `***`; `reveal` is the one way out.

    A plain text from a configuration is one too, because nobody can tell which of them is a password.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is never pickled")


def variables_in(template: str) -> set[str]:
    """The names of the variables a template asks for, with or without a default."""
    return {match[1] for match in _VARIABLE.finditer(template)}


def needed_by(template: str) -> set[str]:
    """The names of the variables that a template can't do without."""
    return {match[1] for match in _VARIABLE.finditer(template) if match[2] is None}


def resolve(template: str, variables: Mapping[str, str], *, server: str) -> Secret:
    """The template with every `${VAR}` and `${VAR:-default}` replaced; anything else with a dollar stays as it is.

    As in a shell, the default also stands in for a variable that is set to nothing. What a variable holds is
    never expanded again. Raises UnsetVariableError.
    """

    def value(match: re.Match[str]) -> str:
        name, default = match[1], match[2]
        found = variables.get(name)
        if default is not None:
            return found or default
        if found is None:
            raise UnsetVariableError(
                f"server {server!r} needs the variable {name}, which is not set",
                hint=f"export {name}=…, or a line {name}=… in the env file (default ~/.config/codegen/env)"
                f"; ${{{name}:-default}} gives it a default",
            )
        return found

    return Secret(_VARIABLE.sub(value, template))


def read_env_file(path: Path) -> dict[str, str]:
    """The `KEY=VALUE` lines of a file, with `export `, quotes and `#` comments as in a shell; `{}` if it is missing.

    Nothing is expanded. In double quotes `\\n`, `\\t`, `\\"` and `\\\\` mean what they mean in a shell's `$'…'`.
    A line that is none of this raises ConfigError with its number, never with its text: it may hold a secret.
    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: can't be read: {_reason(error)}") from error
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _ASSIGNMENT.fullmatch(stripped)
        value = _unquote(match[2]) if match else None
        if match is None or value is None:
            raise ConfigError(
                f"{path}:{number}: expected KEY=VALUE", hint="a value with spaces or # in it needs quotes around it"
            )
        found[match[1]] = value
    return found


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else "not UTF-8"


def _unquote(value: str) -> str | None:
    """A value without its quotes or trailing comment; None where a quote is not closed."""
    if value[:1] not in {"'", '"'}:
        return re.split(r"\s#", f" {value}", maxsplit=1)[0].strip()
    quote = value[0]
    pattern = r"'([^']*)'" if quote == "'" else r'"((?:[^"\\]|\\.)*)"'
    match = re.fullmatch(pattern + r"\s*(?:#.*)?", value)
    if match is None:
        return None
    return match[1] if quote == "'" else re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), match[1])
