"""Amounts in codegen.toml: seconds, counts and sizes."""

from __future__ import annotations

import re

from codegen.config.tables import WrongError

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|TiB|KB|MB|GB|TB)?", re.IGNORECASE)
_UNITS = {"b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}
_UNITS |= {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}


def seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise WrongError("a number of seconds above 0")
    return value


def count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise WrongError("a whole number above 0")
    return value


def size(value: object) -> int:
    """In bytes."""
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    found = int(float(match[1]) * _UNITS[(match[2] or "B").lower()]) if match else value
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise WrongError('a size such as "512MiB" or "2GiB", or a number of bytes')
    return found
