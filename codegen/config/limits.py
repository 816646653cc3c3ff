"""What runs may take: [limits] of codegen.toml, the `limits` of one tool, and the `rate` of a server."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from codegen.config.amounts import count, seconds, size
from codegen.config.tables import Place, Reader, WrongError, read_table

MOST_PARALLEL = 64
"""Calls of a run that the broker has under way at once, whatever its settings say."""

_RATE = re.compile(r"([1-9]\d{0,5})\s*/\s*(s|min|h)")
_PERIODS = {"s": 1.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may take: `bytes` of arguments and answers, `seconds` of all its calls in sum.

    The defaults are out of the way of honest scripts, and an end to a loop that has none.
    """

    calls: float = 10_000
    writes: float = 10_000
    parallel: float = MOST_PARALLEL
    bytes: float = 1 << 30
    seconds: float = 20_000


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `calls` in any `period` of seconds."""

    calls: int
    period: float


def tool_limits(value: object, place: Place) -> Limits:
    """What one tool may take in a run; what isn't said isn't limited. Raises ConfigError.

    A tool writes or it doesn't, so that its `calls` are all that there is to limit.
    """
    readers = {key: read for key, read in LIMITS.items() if key != "writes"}
    return read_table(lambda **given: Limits(**{**_UNLIMITED, **given}), readers, value, place)


def rate(value: object) -> Rate:
    match = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise WrongError('a rate such as "10/s", "100/min" or "1000/h"')
    return Rate(int(match[1]), _PERIODS[match[2]])


def _parallel(value: object) -> int:
    number = count(value)
    if number > MOST_PARALLEL:
        raise WrongError(f"a whole number from 1 to {MOST_PARALLEL}")
    return number


LIMITS: Mapping[str, Reader] = {
    "calls": count,
    "writes": count,
    "parallel": _parallel,
    "bytes": size,
    "seconds": seconds,
}
_UNLIMITED = dict.fromkeys(LIMITS, math.inf)
