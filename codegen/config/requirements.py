"""What codegen.toml says of packages for scripts: requirements to install, modules to import ahead."""

from __future__ import annotations

import re
from collections.abc import Callable
from keyword import iskeyword
from pathlib import Path
from urllib.parse import unquote, urlsplit

from codegen.config.tables import Place

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_BLANK = r"[ \t]*"
_EXTRAS = rf"(?:\[{_BLANK}(?:{_NAME}{_BLANK}(?:,{_BLANK}{_NAME}{_BLANK})*)?\])?"
_BOUND = rf"(?:===|~=|==|!=|<=|>=|<|>){_BLANK}[A-Za-z0-9.*+!_-]+"
_BOUNDS = rf"{_BOUND}{_BLANK}(?:,{_BLANK}{_BOUND}{_BLANK})*"
_MARKER = r"(?:;[ \tA-Za-z0-9_.'\"<>=!~()+*,-]+)?"
_REQUIREMENT = re.compile(
    rf"(?P<name>{_NAME}){_BLANK}{_EXTRAS}{_BLANK}"
    rf"(?:\({_BOUNDS}\)|{_BOUNDS}|@{_BLANK}(?P<url>[^\s;]+)(?=[ \t]|$))?{_BLANK}{_MARKER}"
)
"""PEP 508, but for markers, which the installer reads."""

_EXPECTED = 'a requirement such as "pandas>=2"'
_ADDRESSED = 'a wheel that is named as "name @ https://…/name-1.0-py3-none-any.whl" or "name @ file:///…whl"'


def read_packages(value: object, place: Place) -> tuple[str, ...]:
    """Requirements (PEP 508), blanks straightened. Raises ConfigError that names the entry.

    Nothing that an installer could take for an option gets through, nor a folder: only wheels are installed, so that
    nothing of a package runs outside the sandbox. A wheel inside the workspace could be exchanged by a script.
    """
    return _each(value, place, _EXPECTED, _requirement)


def read_preload(value: object, place: Place) -> tuple[str, ...]:
    """Dotted module names. Raises ConfigError that names the entry."""
    return _each(value, place, 'a dotted module name such as "pandas" or "xml.dom"', _module)


def name_of(requirement: str) -> str:
    """The name of the package that a requirement asks for."""
    found = _REQUIREMENT.fullmatch(requirement)
    return found["name"] if found else requirement


def _each(value: object, place: Place, expected: str, read: Callable[[str, Place, str], str]) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise place.error(value, f"a list of texts, each {expected}")
    found: list[str] = []
    for number, item in enumerate(value):
        here = place.nth(number, f"{place.key}[{number}]")
        if not isinstance(item, str):
            raise here.error(item, expected)
        found.append(read(item, here, expected))
    return tuple(dict.fromkeys(found))


def _requirement(text: str, place: Place, expected: str) -> str:
    straight = re.sub(r"[ \t]+", " ", text).strip()
    found = _REQUIREMENT.fullmatch(straight)
    if found is None:
        raise place.error(text, expected if not re.search(r"[/\\]", text) else f"{expected}, or {_ADDRESSED}")
    if found["url"]:
        _address(found["url"], text, place)
    return straight


def _address(url: str, text: str, place: Place) -> None:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise place.error(text, _ADDRESSED) from None
    if parts.username or "$" in url:
        raise place.error(text, "an address without a user, password or variable: secrets have no place in this file")
    is_whole = bool(parts.netloc) == (parts.scheme == "https") and parts.path.startswith("/")
    if parts.scheme not in {"https", "file"} or not is_whole or not parts.path.endswith(".whl"):
        raise place.error(text, _ADDRESSED)
    workspace = place.file.absolute().parent.resolve()
    if parts.scheme == "file" and Path(unquote(parts.path)).resolve().is_relative_to(workspace):
        hint = "what lies there can be exchanged by whoever works there; move it to a folder outside"
        raise place.fault(f"is a file inside the workspace: {text}", hint)


def _module(text: str, place: Place, expected: str) -> str:
    if not all(part.isidentifier() and not iskeyword(part) for part in text.split(".")):
        raise place.error(text, expected)
    return text
