"""Who decides at this command line."""

from __future__ import annotations

import os


def person() -> str:
    """The user's name as the system knows it, else the number."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"
