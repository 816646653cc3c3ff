"""Moments as people write them: `2h`, `30d`, `2026-11-01`."""

from __future__ import annotations

import time

from codegen.errors import UsageError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def moment(said: str) -> float:
    """Seconds since the epoch: so long ago, or at the beginning of a day, or at a local time. Raises UsageError."""
    number, unit = said[:-1], said[-1:]
    if unit in _SECONDS and number.replace(".", "", 1).isdecimal():
        return time.time() - float(number) * _SECONDS[unit]
    from datetime import datetime

    try:
        return datetime.fromisoformat(said).timestamp()
    except ValueError:
        raise UsageError(
            f"{said!r} is no time", hint="expected such as 2h, 30d, 2026-11-01 or 2026-11-01T12:00"
        ) from None
